"""Scanning: every document in the order of its id, with vectors to the last bit."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
from vectors import random_units, unit

from hybridsearch import AsyncHybridIndex, Document, HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import PassageVectors
from hybridsearch.errors import QueryError


def bits(document: Document) -> dict[str, tuple[bytes, bytes]]:
    """A document's places and vectors, to be compared exactly."""
    return {
        name: (given.spans.tobytes(), given.vectors.tobytes())
        for name, given in document.vectors.items()
    }


def test_documents_come_in_the_order_of_their_ids_as_they_were_given(make: Any) -> None:
    ids = ["b", "a", "B", "10", "9", "é", "z/1", "￿", "😀", "a b", *map(str, range(100, 1300))]
    given = {
        id: {"title": f"book {id}", "body": ["one", "two"], "year": n, "extra": {"kept": [n, None]}}
        for n, id in enumerate(ids)
    }
    index = make({"id": id, **given[id], "dense": unit(1)} for id in ids)
    found = list(index.scan())
    assert [document.id for document in found] == sorted(ids)
    assert all(document.fields == given[document.id] for document in found)
    assert not any(document.vectors for document in found)


@pytest.mark.parametrize("after", ["c05", "c05x", "", "zzz"])
def test_a_scan_goes_on_after_any_id(make: Any, after: str) -> None:
    ids = [f"c{n:02d}" for n in range(20)]
    index = make({"id": id, "title": "x", "dense": unit(1)} for id in ids)
    assert [d.id for d in index.scan(after=after)] == [id for id in ids if id > after]


def test_replaced_and_deleted_documents_are_not_among_them(make: Any) -> None:
    index = make({"id": str(n), "title": "old", "dense": unit(1)} for n in range(9))
    index.delete(["3", "5"])
    index.add([{"id": "4", "title": "new", "dense": unit(0, 1)}])
    assert {d.id: d.fields["title"] for d in index.scan()} == {
        **dict.fromkeys("012678", "old"),
        "4": "new",
    }
    assert [d.id for d in index.scan() if d.fields["title"] == "new"] == ["4"]


def test_an_empty_index_has_nothing_to_scan(make: Any) -> None:
    assert list(make().scan(vectors=True)) == []


def test_vectors_come_back_to_the_last_bit_with_the_places_of_their_passages(make: Any) -> None:
    rows = random_units(700, seed=3)
    passages = random_units(5, seed=4)
    index = make(
        [
            *({"id": f"{n:03d}", "title": f"t{n}", "dense": rows[n]} for n in range(700)),
            {"id": "many", "title": "x", "dense": passages},
        ]
    )
    found = {document.id: document.vectors["dense"] for document in index.scan(vectors=True)}
    assert len(found) == 701
    written = found["many"]
    assert written.spans.tolist() == [[-1, -1]] * 5
    assert np.abs(written.vectors - passages).max() < 1e-7
    assert found["007"].spans.tolist() == [[0, 2]]
    again = make_again(index, found)
    assert {d.id: bits(d) for d in again} == {d.id: bits(d) for d in index.scan(vectors=True)}


def make_again(index: HybridIndex, found: dict[str, PassageVectors]) -> list[Document]:
    """The documents after each was written anew as it was scanned."""
    report = index.add(Document(d.id, d.fields, {"dense": found[d.id]}) for d in index.scan())
    assert (report.indexed, report.failed) == (len(found), 0)
    return list(index.scan(vectors=True))


def test_encoded_passages_can_be_added_elsewhere_without_an_encoder(
    make: Any, tmp_path: Any, tiny: Encoder
) -> None:
    schema = Schema(
        text=["title", "body"],
        dense={"dense": {"embeds": ["title", "body"], "window": 16, "overlap": 4}},
    )
    index = make(schema=schema, encoder=tiny)
    index.add(
        [
            {"id": "long", "title": "whale", "body": "a ship and a whale and the sea. " * 20},
            {"id": "none", "title": " ", "body": "x"},
            {"id": "short", "title": "sea", "body": "one"},
        ]
    )
    scanned = list(index.scan(vectors=True))
    assert len(scanned[0].vectors["dense"].spans) > 3
    with HybridIndex.create(
        f"embedded:{tmp_path / 'copy'}", schema=index.schema, encoder=None
    ) as copy:
        report = copy.add(scanned)
        assert (report.indexed, report.failed) == (3, 0)
        assert report.passages == sum(len(d.vectors["dense"].spans) for d in scanned)
        assert {d.id: bits(d) for d in copy.scan(vectors=True)} == {d.id: bits(d) for d in scanned}


def test_a_document_without_vectors_stays_one(make: Any) -> None:
    index = make([{"id": "only-vector", "dense": unit(1)}])
    none = PassageVectors(np.empty((0, 2), np.int32), np.empty((0, 8), np.float32))
    assert index.add([Document("only-text", {"title": "words"}, {"dense": none})]).indexed == 1
    found = {d.id: d.vectors["dense"] for d in index.scan(vectors=True)}
    assert found["only-text"].spans.shape == (0, 2)
    assert found["only-text"].vectors.shape == (0, 8)
    assert index.info().passages == {"dense": 1}


async def test_an_asynchronous_index_is_scanned_alike(make: Any, target: str) -> None:
    index = make({"id": str(n), "title": "x", "dense": unit(1)} for n in range(600))
    async with await AsyncHybridIndex.open(target) as opened:
        found = [document.id async for document in opened.scan()]
    assert found == [document.id for document in index.scan()]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"after": 5}, "after must be a string, not 5"),
    ({"after": b"c05"}, "after must be a string, not b'c05'"),
    ({"after": ["c05"]}, "after must be a string, not ['c05']"),
    ({"after": np.int64(5)}, "after must be a string, not np.int64(5)"),
    ({"after": "\ud800"}, "after is not valid Unicode"),
    ({"vectors": "no"}, "vectors must be True or False, not 'no'"),
    ({"vectors": None}, "vectors must be True or False, not None"),
]


async def test_wrong_arguments_of_a_scan_are_refused_before_anything_is_read(
    make: Any, target: str
) -> None:
    index = make([{"id": "c06", "title": "x", "dense": unit(1)}])
    async with await AsyncHybridIndex.open(target) as opened:
        for arguments, message in WRONG:
            for scanned in (index, opened):
                with pytest.raises(QueryError, match=re.escape(message)):
                    scanned.scan(**arguments)
        assert [d.id async for d in opened.scan(after="c05", vectors=True)] == ["c06"]
    assert [d.id for d in index.scan(after="c05", vectors=np.bool_(True))] == ["c06"]
