"""Indices that others made, adopted: told, searched, read and written, on real servers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign_indices import (
    DIMS,
    NOTES_SCHEMA,
    WORDS,
    Foreign,
    assert_same_ledgers,
    flat,
    notes,
    of_notes,
    requests,
    vector_field,
)
from vectors import random_units

from hybridsearch import Document, HybridIndex
from hybridsearch.errors import (
    ConfigurationError,
    FilterError,
    SchemaError,
)
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.adoption.wanted import Wanted
from hybridsearch.wiring.copying import copy_index
from hybridsearch.wiring.mapping import Wanted as WantedMapping
from hybridsearch.wiring.mapping import apply_mapping, compare_mapping
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted as WantedVersion

COUNT = 150
PLAIN = {"type": "knn_vector", "dimension": DIMS}


@pytest.fixture
def like(tmp_path: Path) -> Iterator[HybridIndex]:
    """The same notes in an index that needs no server."""
    target = f"embedded:{tmp_path / 'like'}"
    with HybridIndex.create(target, schema=NOTES_SCHEMA, encoder=None) as index:
        index.add(map(flat, notes(COUNT)))
        yield index


@pytest.mark.parametrize("kind", ["cosine", "dot", "l2", "unindexed"])
def test_searches_give_the_ledgers_of_the_same_documents_elsewhere(
    foreign: Foreign, like: HybridIndex, kind: str
) -> None:
    if kind == "unindexed":
        if foreign.product == "elasticsearch":
            pytest.skip("Elasticsearch searches vectors by their index alone")
        properties = {**of_notes(foreign.product, "l2"), "vector": PLAIN}
        foreign.make(properties, **{"index.knn": False})
    else:
        foreign.make(of_notes(foreign.product, kind))
    foreign.fill(notes(COUNT, longer=kind in {"cosine", "unindexed"}))
    adopted = adopt(foreign.target)
    assert adopted.schema.dense["vector"].dims == DIMS
    assert list(adopted.schema.text) == ["text"]
    assert adopted.documents == COUNT
    with HybridIndex.open(foreign.target) as index:
        assert_same_ledgers(like, index, list(requests()))
        # The second time, documents are brought along where that paid.
        assert_same_ledgers(like, index, list(requests()))
        assert index.count() == COUNT
        assert index.count("metadata.rights.open == true") == COUNT // 2
        assert index.info().passages == {"vector": COUNT}


def test_nothing_but_the_note_in_the_mapping_changes(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    foreign.ask("PUT", "/_mapping", {"_meta": {"owner": "somebody"}})
    foreign.fill(notes(5))
    before, source = foreign.mapping, foreign.source("n0001")
    told = adopt(foreign.target, dry_run=True)
    assert foreign.mapping == before
    assert adopt(foreign.target).as_dict() == told.as_dict()
    after = foreign.mapping
    assert after["_meta"].pop("hybridsearch")["schema"]["text"]["text"]["analyzer"] == "standard"
    assert after == before
    assert foreign.source("n0001") == source


def test_documents_are_read_and_written_in_the_indexs_own_form(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    given = notes(40, longer=True)
    foreign.fill(given)
    adopt(foreign.target)
    with HybridIndex.open(foreign.target) as index:
        read = {document.id: document for document in index.scan(vectors=True)}
        assert list(read) == sorted(note["_id"] for note in given)
        note = next(note for note in given if note["_id"] == "n0007")
        there = read["n0007"]
        assert there.fields == {
            "text": note["text"],
            "metadata.source": "file2.pdf",
            "metadata.page": 7,
            "metadata.rights.open": True,
        }
        assert np.allclose(there.vectors["vector"].vectors[0], flat(note)["vector"], atol=1e-6)
        assert there.vectors["vector"].spans.tolist() == [[0, len(note["text"])]]
        found = index.get("n0007")
        assert found is not None
        assert found.fields == there.fields
        assert index.get("none") is None

        vector = random_units(1, seed=3)[0]
        fields = {"text": "a new note", "metadata.source": "x", "metadata": {"other": 1}}
        report = index.add([Document("new", fields, {"vector": vector}), there])
        assert (report.indexed, report.replaced, report.failed) == (2, 1, 0)
        assert index.search("new", vector=vector).hits[0].id == "new"
        assert index.delete(["new", "n0008"]) == 2
        index.add([Document("new", fields, {"vector": vector})])
    source = foreign.source("new")
    assert np.allclose(source.pop("vector"), vector, atol=1e-6)
    assert source == {"text": "a new note", "metadata": {"source": "x", "other": 1}}
    again = foreign.source("n0007")
    assert again.pop("vector") == pytest.approx(flat(note)["vector"].tolist(), abs=1e-6)
    assert again == {key: note[key] for key in ("text", "metadata")}


def test_documents_are_updated_and_kept_equal_to_a_source(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    given = notes(20)
    foreign.fill(given)
    adopt(foreign.target)
    before = foreign.source("n0003")
    with HybridIndex.open(foreign.target) as index:
        report = index.add([{"_op": "update", "id": "n0003", "metadata.page": 999}])
        assert (report.updated, report.failed) == (1, 0)
        after = foreign.source("n0003")
        assert after.pop("vector") == pytest.approx(before.pop("vector"), abs=1e-6)
        before["metadata"]["page"] = 999
        assert after == before
        wanted = [flat(note) for note in given if note["_id"] != "n0005"]
        synced = index.sync([*wanted, {**wanted[0], "id": "new"}])
        assert (synced.added, synced.deleted, synced.failed) == (1, 1, 0)
        ids = {document["id"] for document in wanted} | {"new"}
        assert {document.id for document in index.scan()} == ids
        assert index.count("metadata.page == 999") == 0


def test_ids_in_underscore_id_alone_are_compared_for_equality(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    foreign.fill(notes(30))
    adopt(foreign.target)
    with HybridIndex.open(foreign.target) as index:
        assert index.count("id in ('n0001', 'n0002', 'none')") == 2
        assert index.count("id != 'n0001' and metadata.page < 10") == 9
        with pytest.raises(FilterError, match="== and in alone"):
            index.count("id prefix 'n'")
        pages = [document.id for document in index.scan()]
        assert pages == [f"n{number:04d}" for number in range(30)]
        assert [document.id for document in index.scan(after="n0027")] == ["n0028", "n0029"]


def test_a_field_that_repeats_the_id_orders_documents(foreign: Foreign, like: HybridIndex) -> None:
    foreign.make({**of_notes(foreign.product, "cosine"), "key": {"type": "keyword"}})
    foreign.fill({**note, "key": note["_id"]} for note in notes(COUNT))
    adopt(foreign.target, Wanted(id="key"))
    with HybridIndex.open(foreign.target) as index:
        assert_same_ledgers(like, index, list(requests()))
        assert index.count("id prefix 'n000'") == 10
        ids = [document.id for document in index.scan()]
        assert ids == [f"n{number:04d}" for number in range(COUNT)]
        index.add([Document("added", {"text": "x"}, {"vector": random_units(1)[0]})])
        assert index.count("id == 'added'") == 1
    assert foreign.source("added")["key"] == "added"
    foreign.fill([{"_id": "other", "key": "differs"}])
    with pytest.raises(ConfigurationError, match="'other' has"):
        adopt(foreign.target, Wanted(id="key"))


def test_a_mapping_that_the_server_guessed_is_read_by_its_documents(foreign: Foreign) -> None:
    foreign.make()
    foreign.fill(
        {
            "_id": f"p{number}",
            "headline": f"The {WORDS[number % len(WORDS)]} house by the long road, told at length",
            "lang": ("en", "de", "fr")[number % 3],
            "year": 1990 + number,
            "sold": number % 2 == 0,
            "seen": f"2024-05-{number + 1:02d}",
            "rating": number / 2,
        }
        for number in range(12)
    )
    adopted = adopt(foreign.target)
    assert list(adopted.schema.text) == ["headline"]
    assert {name: field.type for name, field in adopted.schema.metadata.items()} == {
        "lang.keyword": "keyword",
        "year": "integer",
        "sold": "boolean",
        "seen": "date",
        "rating": "float",
    }
    assert not adopted.schema.dense
    with HybridIndex.open(foreign.target) as index:
        hits = index.search("blue house", where="lang.keyword == 'fr' and year >= 1990").hits
        assert {hit.id for hit in hits} == {"p2", "p5", "p8", "p11"}
        assert hits[0].id == "p2"
        assert index.count("seen > 2024-05-10 and rating <= 5.5") == 2
        assert index.count("exists sold and sold == true") == 6


def test_what_was_chosen_is_searched_with_its_weights(foreign: Foreign) -> None:
    text = {"type": "text"}
    foreign.make({"title": text, "body": text, "title_de": text})
    foreign.fill(
        [
            {"_id": "1", "title": "whale", "body": "ship"},
            {"_id": "2", "title": "ship", "body": "whale"},
        ]
    )
    adopt(foreign.target, Wanted(text=["title^3", "body"], metadata=[]))
    with HybridIndex.open(foreign.target) as index:
        assert {name: field.weight for name, field in index.schema.text.items()} == {
            "title": 3.0,
            "body": 1.0,
        }
        first, second = index.search("whale", explain=True).hits
        assert (first.id, second.id) == ("1", "2")
        assert first.ledger["lexical"].score == pytest.approx(
            3 * (second.ledger["lexical"].score or 0), rel=1e-4
        )


def test_an_adopted_index_is_copied_and_rolled_out(
    foreign: Foreign, like: HybridIndex, tmp_path: Path
) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    foreign.fill(notes(COUNT, longer=True))
    adopt(foreign.target)
    copied = f"embedded:{tmp_path / 'copy'}"
    report = copy_index(foreign.target, copied)
    assert (report.documents, report.copied, report.failed) == (COUNT, COUNT, 0)
    assert copy_index(foreign.target, copied).copied == 0
    with HybridIndex.open(copied) as index:
        assert_same_ledgers(like, index, list(requests()))
    with pytest.raises(ConfigurationError, match="was adopted"):
        compare_mapping(foreign.target, WantedMapping())
    with pytest.raises(ConfigurationError, match="was adopted"):
        apply_mapping(foreign.target, WantedMapping())
    rolled = roll_out(
        foreign.target, WantedVersion(settings={"vector_index": "flat"}, replace_index=True)
    )
    assert rolled.documents == COUNT
    with HybridIndex.open(foreign.target) as index:
        assert_same_ledgers(like, index, list(requests()))
        assert index.count("id prefix 'n000'") == 10


def test_an_analyzer_of_the_indexs_own_searches_and_is_no_other_indexs(
    foreign: Foreign, tmp_path: Path
) -> None:
    foreign.make({"text": {"type": "text", "analyzer": "whitespace"}})
    foreign.fill([{"_id": "1", "text": "Part AB-1/x of it"}, {"_id": "2", "text": "part ab-1 x"}])
    adopted = adopt(foreign.target)
    assert adopted.schema.text["text"].analyzer == "custom"
    with HybridIndex.open(foreign.target) as index:
        assert [hit.id for hit in index.search("AB-1/x").hits] == ["1"]
    with pytest.raises(SchemaError, match="analyzer of 'text'"):
        copy_index(foreign.target, f"embedded:{tmp_path / 'copy'}")


def test_vectors_of_passages_count_by_their_best(foreign: Foreign) -> None:
    vector = vector_field(foreign.product, "cosine")
    nested = {"type": "nested", "properties": {"body": {"type": "text"}, "embedding": vector}}
    foreign.make({"title": {"type": "text"}, "parts": nested})
    rows = random_units(60, seed=5)
    foreign.fill(
        {
            "_id": f"b{number:02d}",
            "title": f"word {WORDS[number % len(WORDS)]}",
            "parts": [
                {"body": "x", "embedding": (rows[3 * number + at] * 2).tolist()} for at in range(3)
            ],
        }
        for number in range(20)
    )
    adopted = adopt(foreign.target)
    assert list(adopted.schema.dense) == ["parts.embedding"]
    query = random_units(1, seed=9)[0]
    wanted: list[Any] = sorted(
        ((float((rows[3 * n : 3 * n + 3] @ query).max()), f"b{n:02d}") for n in range(20)),
        reverse=True,
    )
    with HybridIndex.open(foreign.target) as index:
        for _ in range(2):
            hits = index.search("word red", vector=query, k=20, explain=True).hits
            found = {hit.id: hit.ledger["dense"].score for hit in hits}
            assert found == pytest.approx({id: score for score, id in wanted}, abs=1e-3)
            best = {hit.id: hit.passages[0].score for hit in hits}
            assert best == pytest.approx(found, abs=1e-6)
        assert index.info().passages == {"parts.embedding": 60}
        document = next(index.scan(vectors=True))
        assert np.allclose(document.vectors["parts.embedding"].vectors, rows[:3], atol=1e-5)
        assert document.fields == {"title": "word red"}
