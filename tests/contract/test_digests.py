"""Digests and vectors read back, and what they save: unchanged text is not encoded again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from counting_encoder import CountingEncoder
from vectors import random_units, unit

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.digest import vectors_digest
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.reading_calls import GetDigests, GetVectors
from hybridsearch.model.digests import Digests

PARTS = Schema(
    text=["title", "body"],
    metadata={"year": "integer"},
    dense={
        "titles": {"embeds": ["title"]},
        "bodies": {"embeds": ["body"], "window": 20, "overlap": 4},
    },
)
LONG = "Hybrid search blends the scores of a lexical retriever with those of a dense one. " * 6


def digests(index: HybridIndex, *ids: str) -> dict[str, Digests]:
    (got,) = index._performer.perform([GetDigests(ids)])
    return dict(got.digests)


def vectors(
    index: HybridIndex, ids: list[str], *fields: str
) -> dict[str, Mapping[str, PassageVectors]]:
    (got,) = index._performer.perform([GetVectors(ids, fields)])
    return dict(got.documents)


@pytest.fixture
def encoding(
    target: str, settings: dict[str, Any], encoder: CountingEncoder
) -> Iterator[HybridIndex]:
    """An index that encodes, and counts what."""
    with HybridIndex.create(target, schema=PARTS, encoder=encoder, settings=settings) as index:
        yield index


def article(id: str, **changes: Any) -> dict[str, Any]:
    return {"id": id, "title": f"article {id}", "body": f"{LONG}{id}", "year": 2000, **changes}


def test_equal_documents_have_equal_digests_and_others_do_not(make: Callable[..., Any]) -> None:
    given = {"title": "one", "year": 1, "extra": {"b": [1, None], "a": "ø"}, "dense": unit(1)}
    changed = [
        {**given, "title": "two"},
        {**given, "year": 2},
        {**given, "extra": {"b": [1], "a": "ø"}},
        {**given, "dense": unit(1, 1)},
        {**given, "dense": np.stack([unit(1), unit(1)])},
    ]
    in_another_order = dict(reversed(given.items())) | {"extra": {"a": "ø", "b": [1, None]}}
    documents = [given, in_another_order, *changed]
    index = make([{"id": f"é {n}", **document} for n, document in enumerate(documents)])
    found = digests(index, *(f"é {n}" for n in range(len(documents))), "not there")
    assert len(found) == len(documents)
    assert all(len(each.document or "") == 32 for each in found.values())
    assert found["é 0"] == found["é 1"]
    assert len({each.document for each in found.values()}) == len(documents) - 1
    assert all(each.text == {} for each in found.values())  # nothing was encoded


def test_digests_follow_the_document(make: Callable[..., Any]) -> None:
    index = make([{"id": "1", "title": "old", "dense": unit(1)}])
    before = digests(index, "1")["1"]
    index.add([{"id": "1", "title": "new", "dense": unit(1)}])
    assert digests(index, "1")["1"] != before
    index.add([{"id": "1", "title": "old", "dense": unit(1)}])
    assert digests(index, "1")["1"] == before
    index.delete(["1"])
    assert digests(index, "1") == {}
    assert vectors(index, ["1"], "dense") == {}


def test_no_ids_give_no_digests_and_no_vectors(make: Callable[..., Any]) -> None:
    index = make([{"id": "1", "title": "x", "dense": unit(1)}])
    assert digests(index) == {}
    assert vectors(index, [], "dense") == {}


def test_vectors_come_back_to_the_last_bit(make: Callable[..., Any], target: str) -> None:
    given = {f"d{n}": random_units(n % 4 + 1, seed=n) for n in range(40)}
    # Of these, some are further from unit length than float32 need be.
    given |= {f"l{n}": random_units(n % 4 + 1, seed=n) * np.float32(1.0005) for n in range(40)}
    index = make([{"id": id, "title": "word", "dense": rows} for id, rows in given.items()])
    with HybridIndex.open(target) as again:
        for reader in (index, again):
            found = vectors(reader, [*given, "not there"], "dense")
            assert found.keys() == given.keys()
            for id, rows in given.items():
                stored = found[id]["dense"]
                assert stored.vectors.dtype == np.float32
                assert stored.spans.shape == (len(rows), 2)
                wide = rows.astype(np.float64)
                length = np.sqrt(np.einsum("ij,ij->i", wide, wide))
                exact = (wide / length[:, None]).astype(np.float32)
                wanted = rows if id.startswith("d") else exact
                assert stored.vectors.tobytes() == wanted.tobytes()
                assert stored.digest is None


def test_texts_that_were_encoded_have_digests_and_their_vectors_come_back(
    encoding: HybridIndex, tiny: Encoder
) -> None:
    encoding.add([article("1"), {"id": "2", "title": "only a title"}])
    found = digests(encoding, "1", "2")
    assert found["1"].text == {
        "titles": vectors_digest("article 1", 250, 32, tiny.fingerprint.digest),
        "bodies": vectors_digest(f"{LONG}1", 20, 4, tiny.fingerprint.digest),
    }
    assert found["2"].text.keys() == {"titles"}
    stored = vectors(encoding, ["1", "2"], "titles", "bodies")
    assert stored["2"]["bodies"].vectors.shape == (0, tiny.dims)
    assert stored["2"]["bodies"].spans.shape == (0, 2)
    bodies = stored["1"]["bodies"]
    assert len(bodies.vectors) > 4
    passages = [f"{LONG}1"[start:end] for start, end in bodies.spans.tolist()]
    assert np.allclose(bodies.vectors, tiny.encode_documents(passages), atol=1e-5)
    assert vectors(encoding, ["1"], "bodies")["1"].keys() == {"bodies"}


def test_a_change_elsewhere_encodes_nothing(
    encoding: HybridIndex, encoder: CountingEncoder
) -> None:
    ids = [str(n) for n in range(30)]
    report = encoding.add([article(id) for id in ids])
    assert (report.indexed, report.reused, report.cached) == (30, 0, 0)
    before = vectors(encoding, ids, "titles", "bodies")
    asked = encoding.search("a dense retriever", k=30, retrievers=["titles", "bodies"])
    encoder.texts.clear()

    report = encoding.add([article(id, year=2001) for id in ids])
    assert encoder.texts == []
    assert (report.indexed, report.replaced, report.reused) == (30, 30, 60)
    assert encoding.count("year == 2001") == 30
    after = vectors(encoding, ids, "titles", "bodies")
    for id in ids:
        for name in ("titles", "bodies"):
            one, other = before[id][name], after[id][name]
            assert one.digest == other.digest is not None
            assert one.vectors.tobytes() == other.vectors.tobytes()
            assert one.spans.tolist() == other.spans.tolist()
    again = encoding.search("a dense retriever", k=30, retrievers=["titles", "bodies"])
    assert [(h.id, h.score) for h in again.hits] == [(h.id, h.score) for h in asked.hits]


def test_only_the_fields_whose_text_changed_are_encoded(
    encoding: HybridIndex, encoder: CountingEncoder, tiny: Encoder
) -> None:
    encoding.add([article("1"), article("2"), article("3", title="")])
    encoder.texts.clear()
    report = encoding.add(
        [
            article("1", title="another title"),
            article("2", body="another body"),
            article("3", title="a title at last"),
            article("4"),
        ]
    )
    assert report.reused == 3
    assert {"another title", "another body", "a title at last", "article 4"} <= set(encoder.texts)
    assert not {"article 1", "article 2", "article 3"} & set(encoder.texts)
    stored = vectors(encoding, ["1", "2", "3"], "titles", "bodies")
    for id, name, text in (
        ("1", "titles", "another title"),
        ("2", "bodies", "another body"),
        ("3", "titles", "a title at last"),
    ):
        found = stored[id][name].vectors
        assert np.allclose(found, tiny.encode_documents([text]), atol=1e-5)


def test_a_text_that_comes_and_goes_is_encoded_for_what_it_is_now(
    encoding: HybridIndex, encoder: CountingEncoder, tiny: Encoder
) -> None:
    """Within one run an id may come again and again, before anything of it can be seen."""
    encoding.add([article("1", title="first")])
    encoder.texts.clear()
    titles = ["second", "first", "third"] * 400
    encoding.add(article("1", title=title) for title in [*titles, "second"])
    (found,) = vectors(encoding, ["1"], "titles").values()
    assert np.allclose(found["titles"].vectors, tiny.encode_documents(["second"]), atol=1e-5)
    assert found["titles"].digest == vectors_digest("second", 250, 32, tiny.fingerprint.digest)


def test_given_vectors_are_never_taken_for_those_of_a_text(
    encoding: HybridIndex, encoder: CountingEncoder
) -> None:
    mine = random_units(1, dims=encoder.dims)
    encoding.add([article("1", titles=mine)])
    assert digests(encoding, "1")["1"].text.keys() == {"bodies"}
    encoder.texts.clear()
    report = encoding.add([article("1")])
    assert report.reused == 1
    assert encoder.texts == ["article 1"]


def test_vectors_of_another_encoder_are_not_taken_for_those_of_this_one(
    encoding: HybridIndex, encoder: CountingEncoder, build_model: Callable[..., Any], tmp_path: Any
) -> None:
    other = load_encoder(f"transformers:{build_model('other', seed=7)}", device="cpu")
    with HybridIndex.create(f"embedded:{tmp_path / 'o'}", schema=PARTS, encoder=other) as origin:
        origin.add([article("1")])
        given = list(origin.scan(vectors=True))
    encoding.add(given)
    assert encoder.texts[0] == "article 1"
    encoder.texts.clear()
    assert encoding.add([article("1")]).reused == 2
    (found,) = vectors(encoding, ["1"], "titles").values()
    assert np.allclose(found["titles"].vectors, encoder.encode_documents(["article 1"]), atol=1e-5)


def test_an_index_without_an_encoder_takes_vectors_with_their_places(
    encoding: HybridIndex, tmp_path: Any
) -> None:
    encoding.add([article("1")])
    (given,) = encoding.scan(vectors=True)
    dense = {
        name: {"embeds": field.embeds, "dims": field.dims, "window": 77}
        for name, field in encoding.schema.dense.items()
    }
    plain = Schema(text=PARTS.text, metadata=PARTS.metadata, dense=dense)
    with HybridIndex.create(f"embedded:{tmp_path / 'n'}", schema=plain, encoder=None) as index:
        index.add([given])
        (found,) = index.scan(vectors=True)
    for name in ("titles", "bodies"):
        assert found.vectors[name].spans.tolist() == given.vectors[name].spans.tolist()


def test_a_new_index_takes_from_the_cache_what_another_one_encoded(
    target: str, settings: dict[str, Any], encoder: CountingEncoder, tmp_path: Any
) -> None:
    options: dict[str, Any] = {"schema": PARTS, "encoder": encoder, "cache": tmp_path / "cache"}
    with HybridIndex.create(f"embedded:{tmp_path / 'other'}", **options) as other:
        assert other.add([article(str(n)) for n in range(20)]).cached == 0
    encoder.texts.clear()
    with HybridIndex.create(target, settings=settings, **options) as index:
        report = index.add([article(str(n)) for n in range(20)])
        assert (report.cached, report.reused) == (40, 0)
        assert encoder.texts == []
        report = index.add([article(str(n)) for n in range(21)])
        assert (report.cached, report.reused) == (0, 40)
        assert "article 20" in encoder.texts


def test_a_copy_has_the_digests_of_its_origin_also_where_a_field_has_no_vector(
    encoding: HybridIndex, tmp_path: Any
) -> None:
    given = [article("1", body=None), article("2", titles=random_units(1, dims=32), body="")]
    encoding.add(given)
    plain = PARTS.model_copy(update={"dense": encoding.schema.dense})
    with HybridIndex.create(f"embedded:{tmp_path / 'copy'}", schema=plain, encoder=None) as copy:
        copy.add(encoding.scan(vectors=True))
        assert digests(copy, "1", "2") == digests(encoding, "1", "2")
