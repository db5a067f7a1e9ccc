"""One stream of documents, updates and deletions, with and without versions, on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting_encoder import CountingEncoder
from vectors import random_units, unit

from hybridsearch import Delete, Document, HybridIndex, Schema, Update
from hybridsearch.encoding.protocol import Encoder

PARTS = Schema(
    text=["title", "body"],
    metadata={"year": "integer", "tags": "keyword"},
    dense={"titles": {"embeds": ["title"]}, "whole": {"embeds": ["title", "body"]}},
    unknown_fields="keep",
)


@pytest.fixture
def encoding(
    target: str, settings: dict[str, Any], encoder: CountingEncoder
) -> Iterator[HybridIndex]:
    with HybridIndex.create(target, schema=PARTS, encoder=encoder, settings=settings) as index:
        index.add([article(n) for n in range(6)])
        encoder.texts.clear()
        yield index


def article(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"a{number}",
        "title": f"article {number}",
        "body": f"words of {number}",
        "year": 2000 + number,
        "tags": ["x", "y"],
        "kept": {"as": ["it", number]},
        **changes,
    }


def everything(index: HybridIndex) -> dict[str, Document]:
    return {document.id: document for document in index.scan(vectors=True)}


def fields(index: HybridIndex, id: str) -> Any:
    found = index.get(id)
    return None if found is None else found.fields


def test_a_stream_may_hold_documents_updates_and_deletions(encoding: HybridIndex) -> None:
    report = encoding.add(
        [
            article(6),
            {"_op": "update", "id": "a0", "year": 1999},
            {"_op": "delete", "id": "a1"},
            {"_op": "index", **article(7)},
            Update("a2", {"tags": None, "kept": 1}),
            Delete("a3"),
            {"_op": "delete", "_id": "never there"},
        ]
    )
    assert (report.indexed, report.updated, report.deleted) == (2, 2, 2)
    assert (report.failed, report.replaced, report.duplicates, report.exact) == (0, 0, 0, True)
    assert everything(encoding).keys() == {"a0", "a2", "a4", "a5", "a6", "a7"}
    expected = article(0, year=1999)
    assert fields(encoding, "a0") == {name: expected[name] for name in expected if name != "id"}
    assert fields(encoding, "a2")["tags"] is None
    assert fields(encoding, "a2")["kept"] == 1
    assert encoding.count("tags == 'x'") == 5
    assert encoding.count("year == 1999") == 1


def test_an_update_of_metadata_encodes_nothing_and_moves_no_vector(
    encoding: HybridIndex, encoder: CountingEncoder
) -> None:
    before = everything(encoding)
    encoding.add({"_op": "update", "id": f"a{n}", "year": 1000} for n in range(6))
    assert encoder.texts == []
    after = everything(encoding)
    assert encoding.count("year == 1000") == 6
    for id, document in after.items():
        for name, passages in document.vectors.items():
            assert passages.vectors.tobytes() == before[id].vectors[name].vectors.tobytes()
            assert passages.spans.tolist() == before[id].vectors[name].spans.tolist()


def test_an_update_of_text_encodes_what_embeds_it(
    encoding: HybridIndex, encoder: CountingEncoder, tiny: Encoder
) -> None:
    encoding.add([{"_op": "update", "id": "a1", "body": "other words"}])
    assert encoder.texts == ["article 1\nother words"]
    found = everything(encoding)["a1"].vectors["whole"]
    expected = tiny.encode_documents(["article 1\nother words"])
    assert np.allclose(found.vectors, expected, atol=1e-5)
    assert [hit.id for hit in encoding.search("other", k=1, retrievers=["lexical"]).hits] == ["a1"]


def test_an_updated_document_equals_one_that_was_given_whole(encoding: HybridIndex) -> None:
    encoding.add([{"_op": "update", "id": "a1", "body": "other words", "year": 7}])
    updated = everything(encoding)["a1"]
    encoding.add([article(1, body="other words", year=7)])
    whole = everything(encoding)["a1"]
    assert updated.fields == whole.fields
    for name, passages in whole.vectors.items():
        assert updated.vectors[name].spans.tolist() == passages.spans.tolist()
        assert np.allclose(updated.vectors[name].vectors, passages.vectors, atol=1e-6)
        assert updated.vectors[name].digest == passages.digest


def test_an_update_sees_what_came_before_it_in_the_stream(encoding: HybridIndex) -> None:
    report = encoding.add(
        [
            article(8),
            {"_op": "update", "id": "a8", "year": 1},
            {"_op": "update", "id": "a8", "tags": "z"},
            {"_op": "delete", "id": "a0"},
            article(0, year=5),
            {"_op": "update", "id": "a0", "body": "late"},
            {"_op": "delete", "id": "a2"},
        ]
    )
    assert (report.failed, report.updated) == (0, 3)
    assert (fields(encoding, "a8")["year"], fields(encoding, "a8")["tags"]) == (1, "z")
    assert (fields(encoding, "a0")["year"], fields(encoding, "a0")["body"]) == (5, "late")
    assert fields(encoding, "a2") is None


def test_what_cannot_be_done_is_set_aside_and_can_be_sent_again(
    encoding: HybridIndex, tmp_path: Path
) -> None:
    letters = tmp_path / "letters.jsonl"
    report = encoding.add(
        [
            {"_op": "update", "id": "absent", "year": 1},
            Update("absent too", {"year": 2}, version=3),
            {"_op": "delete", "id": "a0"},
            {"_op": "update", "id": "a0", "year": 1},
            {"_op": "upsert", "id": "a1"},
            {"_op": "update", "id": "a1", "year": "soon"},
            {"_op": "delete", "id": ""},
            {"_op": "delete", "id": "a2", "_version": -1},
        ],
        dead_letters=letters,
    )
    assert (report.deleted, report.updated, report.failed) == (1, 0, 7)
    lines = [json.loads(line) for line in letters.read_text().splitlines()]
    reasons = {line["place"]: line["reason"] for line in lines}
    assert all("not in the index" in reasons[place] for place in ("1", "2", "4"))
    assert "index, update, delete" in reasons["5"]
    assert "'year'" in reasons["6"]
    assert "id is empty" in reasons["7"]
    assert "whole number" in reasons["8"]
    assert fields(encoding, "a1")["year"] == 2001
    by_place = {line["place"]: line["document"] for line in lines}
    assert by_place["2"] == {"id": "absent too", "_version": 3, "_op": "update", "year": 2}
    again = encoding.add([article(9, id="absent"), by_place["1"]])
    assert (again.indexed, again.updated, again.failed) == (1, 1, 0)


def test_operations_of_the_wrong_types_are_set_aside_like_all_others(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    index = make([{"id": "1", "title": "old", "dense": unit(1)}])
    wrong: list[Any] = [
        Delete(5),  # type: ignore[arg-type]
        Update(5, {"year": 1}),  # type: ignore[arg-type]
        Update("1", ["year"]),  # type: ignore[arg-type]
        Update("1", {}, [1.0]),  # type: ignore[arg-type]
        Document("2", None),  # type: ignore[arg-type]
        Document("2", {"title": "x"}, unit(1)),  # type: ignore[arg-type]
    ]
    letters = tmp_path / "letters.jsonl"
    report = index.add([*wrong, Update("1", {"year": 7})], dead_letters=letters)
    assert (report.failed, report.updated) == (len(wrong), 1)
    reasons = [failure.reason for failure in report.failures]
    assert all("id must be a string" in reason for reason in reasons[:2])
    assert all("fields must be a mapping" in reasons[at] for at in (2, 4))
    assert all("vectors must be a mapping" in reasons[at] for at in (3, 5))
    assert len(letters.read_text().splitlines()) == len(wrong)


def test_given_vectors_stay_until_others_are_given(make: Callable[..., Any]) -> None:
    index = make([{"id": "1", "title": "old", "year": 1, "dense": unit(1)}])
    index.add([{"_op": "update", "id": "1", "title": "a longer title"}])
    found = everything(index)["1"].vectors["dense"]
    assert found.vectors.tolist() == [unit(1).tolist()]
    assert found.spans.tolist() == [[0, len("a longer title")]]
    index.add([{"_op": "update", "id": "1", "dense": unit(0, 1)}])
    found = everything(index)["1"].vectors["dense"]
    assert np.allclose(found.vectors, [unit(0, 1)])
    assert fields(index, "1") == {"title": "a longer title", "year": 1}


@pytest.mark.parametrize("update", [Update("a1", {}, {"titles": None}), {"titles": None}])
def test_a_vector_that_is_taken_away_is_encoded(
    encoding: HybridIndex, encoder: CountingEncoder, update: Any
) -> None:
    encoded = everything(encoding)["a1"].vectors["titles"]
    dims = encoded.vectors.shape[1]
    encoding.add([article(1, titles=unit(0, 1, dims=dims))])
    encoder.texts.clear()
    given = {"_op": "update", "id": "a1", **update} if isinstance(update, dict) else update
    assert encoding.add([given]).updated == 1
    assert encoder.texts == ["article 1"]
    found = everything(encoding)["a1"]
    assert np.allclose(found.vectors["titles"].vectors, encoded.vectors, atol=1e-6)
    assert found.fields == {name: value for name, value in article(1).items() if name != "id"}


def test_a_vector_that_is_taken_away_and_cannot_be_encoded_is_told(
    make: Callable[..., Any],
) -> None:
    index = make([{"id": "1", "title": "old", "year": 1, "dense": unit(1)}])
    report = index.add([{"_op": "update", "id": "1", "dense": None}])
    assert (report.updated, report.failed) == (0, 1)
    assert "the index has no encoder" in report.failures[0].reason
    assert everything(index)["1"].vectors["dense"].vectors.tolist() == [unit(1).tolist()]


def test_an_older_version_never_takes_the_place_of_a_newer_one(
    make: Callable[..., Any],
) -> None:
    def document(version: int | None, year: int, id: str = "1") -> dict[str, Any]:
        return {"id": id, "title": "x", "year": year, "dense": unit(1), "_version": version}

    index = make([document(10, 10)])
    report = index.add([document(9, 9)])
    assert (report.indexed, report.outdated, report.failed) == (0, 1, 0)
    assert fields(index, "1")["year"] == 10
    report = index.add([document(10, 11)])  # the same again does no harm
    assert (report.indexed, report.outdated) == (1, 0)
    report = index.add([{"_op": "update", "id": "1", "year": 1, "_version": 9}, Delete("1", 8)])
    assert (report.updated, report.deleted, report.outdated) == (0, 0, 2)
    assert fields(index, "1")["year"] == 11
    report = index.add([{"_op": "update", "id": "1", "year": 12, "_version": 12}])
    assert (report.updated, report.outdated) == (1, 0)
    late = Document("1", {"title": "y"}, {"dense": unit(1)}, version=18)
    report = index.add([document(20, 20), document(19, 19), late])
    assert (report.indexed, report.outdated, report.duplicates) == (1, 2, 0)
    assert fields(index, "1")["year"] == 20
    report = index.add([Delete("1", 30)])
    assert (report.deleted, report.outdated) == (1, 0)
    report = index.add([document(29, 29), document(1, 1, id="2")])
    assert (report.indexed, report.outdated) == (1, 1)
    assert everything(index).keys() == {"2"}
    report = index.add([document(31, 31)])
    assert (report.indexed, report.outdated) == (1, 0)


def test_versions_go_along_with_a_copy(make: Callable[..., Any], tmp_path: Path) -> None:
    given = [{"id": str(n), "title": "x", "dense": unit(1), "_version": n + 5} for n in range(3)]
    index = make([*given, {"id": "none", "title": "y", "dense": unit(1)}])
    versions = {document.id: document.version for document in index.scan()}
    assert versions == {"0": 5, "1": 6, "2": 7, "none": None}
    target = f"embedded:{tmp_path / 'copy'}"
    with HybridIndex.create(target, schema=index.schema, encoder=None) as copy:
        copy.add(index.scan(vectors=True))
        report = copy.add({**one, "_version": 6} for one in given)
        assert (report.indexed, report.outdated) == (2, 1)


def test_two_streams_that_update_the_same_documents_lose_nothing(
    make: Callable[..., Any],
) -> None:
    """Each counts in a field of its own; what one reads the other may have changed by then."""
    ids = [f"d{n}" for n in range(20)]
    index = make(
        [{"id": id, "title": id, "dense": random_units(1, seed=n)} for n, id in enumerate(ids)]
    )

    def count(name: str) -> int:
        reports = [
            index.add({"_op": "update", "id": id, name: turn} for id in ids) for turn in range(1, 9)
        ]
        return sum(report.updated for report in reports)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(count, ("year", "price"))) == [8 * len(ids)] * 2
    for id in ids:
        assert (fields(index, id)["year"], fields(index, id)["price"]) == (8, 8)
