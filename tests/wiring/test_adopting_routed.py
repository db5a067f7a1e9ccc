"""Adopted indices whose writers choose routings: all is found, and nothing is there twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from foreign_indices import NOTES_SCHEMA, Foreign, flat, notes, of_notes

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster import found_ids, views
from hybridsearch.engines.reading_calls import GetVectors, GetWhole
from hybridsearch.errors import ConfigurationError, EngineError
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.copying import copy_index
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted as WantedVersion

COUNT = 30
FIELDS = ("text", *NOTES_SCHEMA.metadata)
SHARDS = 5
REFUSED = r"routing that their writer chose.*nothing is written.*hybridsearch rollout .*:"


def put(foreign: Foreign, id: str, source: dict[str, Any], routing: str) -> None:
    """A document where its writer wants it."""
    foreign.ask("PUT", f"/_doc/{id}?routing={routing}&refresh=true", source)


def without_id(note: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in note.items() if key != "_id"}


def make(foreign: Foreign, *, routed: int) -> list[dict[str, Any]]:
    """An index of several shards, the last of its documents with routings."""
    foreign.make(of_notes(foreign.product, "cosine"), number_of_shards=SHARDS)
    given = sorted(notes(COUNT, longer=True), key=lambda note: str(note["_id"]))
    foreign.fill(given[: COUNT - routed])
    for at, note in enumerate(given[COUNT - routed :]):
        put(foreign, note["_id"], without_id(note), f"there{at}")
    return given


def stored(foreign: Foreign) -> list[tuple[str, str | None, int]]:
    """Every document by id, with its routing and the number of its writes."""
    foreign.ask("POST", "/_refresh")
    body = {"size": 1000, "version": True, "_source": False}
    hits = foreign.ask("POST", "/_search", body)["hits"]["hits"]
    return sorted((hit["_id"], hit.get("_routing"), hit["_version"]) for hit in hits)


def test_documents_are_read_wherever_their_writers_put_them(foreign: Foreign) -> None:
    given = make(foreign, routed=12)
    assert adopt(foreign.target).as_dict()["routed"] is True
    with HybridIndex.open(foreign.target) as index:
        assert [document.id for document in index.scan()] == [note["_id"] for note in given]
        for note in given:
            found = index.get(note["_id"])
            assert found is not None
            assert found.fields == {name: flat(note)[name] for name in FIELDS}
        assert index.get("none") is None
        ids = [note["_id"] for note in given]
        vectors, whole = index._performer.perform([GetVectors(ids, ["vector"]), GetWhole(ids)])
        for note in given:
            wanted = flat(note)["vector"]
            for there in (
                vectors.documents[note["_id"]]["vector"],
                whole.documents[note["_id"]].document.vectors["vector"],
            ):
                assert np.allclose(there.vectors, [wanted], atol=1e-6)


def test_nothing_is_written_where_documents_have_routings(foreign: Foreign) -> None:
    given = make(foreign, routed=12)
    adopt(foreign.target)
    before = stored(foreign)
    with HybridIndex.open(foreign.target) as index:
        for record in (
            flat(given[-1]),
            flat(given[0]),
            {**flat(given[0]), "id": "new"},
            {"_op": "update", "id": given[-1]["_id"], "metadata.page": 999},
            {"_op": "delete", "id": given[-1]["_id"]},
        ):
            with pytest.raises(EngineError, match=REFUSED) as refused:
                index.add([record])
            assert "twice now" not in str(refused.value)
        with pytest.raises(EngineError, match=REFUSED):
            index.delete([given[-1]["_id"]])
        with pytest.raises(EngineError, match=REFUSED):
            index.sync([flat(note) for note in given[:-1]])
        told = index.sync([flat(note) for note in given[:-1]], dry_run=True)
        assert (told.added, told.deleted) == (0, 1)
    assert stored(foreign) == before


def test_routings_that_come_after_the_adoption_are_seen(foreign: Foreign) -> None:
    given = make(foreign, routed=0)
    assert adopt(foreign.target).routed is False
    with HybridIndex.open(foreign.target) as index:
        assert index.add([flat(given[0])]).replaced == 1
        put(foreign, "late", without_id(given[1]), "there")
        before = stored(foreign)
        found = index.get("late")
        assert found is not None
        assert found.fields["text"] == given[1]["text"]
        with pytest.raises(EngineError, match=REFUSED):
            index.add([{**flat(given[2]), "id": "late"}])
        with pytest.raises(EngineError, match=REFUSED):
            index.delete(["late"])
    assert stored(foreign) == before


def test_routings_that_come_while_documents_are_added_are_told(foreign: Foreign) -> None:
    """The look before was just over: what may be there twice by now is not kept quiet."""
    given = make(foreign, routed=0)
    adopt(foreign.target)
    new = {**flat(given[2]), "id": "new"}

    def others(reached: IndexProgress) -> None:
        for at in range(SHARDS if reached.indexed else 0):
            put(foreign, "new", without_id(given[1]), f"there{at}")

    with HybridIndex.open(foreign.target) as index:
        with pytest.raises(EngineError, match=rf"{REFUSED}.*--dry-run` tells whether") as told:
            index.add([new], progress=others)
        assert foreign.target in str(told.value)
        with pytest.raises(EngineError, match=REFUSED):
            index.add([new])
    with pytest.raises(ConfigurationError, match=r"'new' is that of . documents"):
        adopt(foreign.target, dry_run=True)


def test_an_index_that_asks_for_routings_is_read_and_not_written(foreign: Foreign) -> None:
    body = {
        "settings": {"number_of_shards": SHARDS, "number_of_replicas": 0},
        "mappings": {"_routing": {"required": True}, "properties": {"text": {"type": "text"}}},
    }
    foreign.ask("PUT", body=body)
    assert adopt(foreign.target).routed is True
    with HybridIndex.open(foreign.target) as index:
        for write in (lambda: index.add([{"id": "new", "text": "x"}]), lambda: index.delete(["a"])):
            with pytest.raises(EngineError, match=REFUSED):
                write()
        put(foreign, "whale", {"text": "a whale"}, "there")
        assert [hit.id for hit in index.search("whale").hits] == ["whale"]
        found = index.get("whale")
        assert found is not None
        assert found.fields == {"text": "a whale"}
        assert index.get("none") is None


@pytest.mark.parametrize("page", [views.PAGE, 3])
def test_an_id_of_two_documents_is_no_id(
    foreign: Foreign, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the two are on pages of their own."""
    monkeypatch.setattr(views, "PAGE", page)
    monkeypatch.setattr(found_ids, "_AT_ONCE", page)
    given = make(foreign, routed=7)
    for at in range(SHARDS):
        put(foreign, "twice", without_id(given[at]), f"there{at}")
    assert [id for id, *_ in stored(foreign)].count("twice") > 1
    for dry_run in (True, False):
        with pytest.raises(ConfigurationError, match=r"'twice' is that of . documents"):
            adopt(foreign.target, dry_run=dry_run)


def test_a_version_of_its_own_has_them_all_and_is_written(foreign: Foreign, tmp_path: Path) -> None:
    given = make(foreign, routed=12)
    adopt(foreign.target)
    assert copy_index(foreign.target, f"embedded:{tmp_path / 'copy'}").copied == COUNT
    roll_out(foreign.target, WantedVersion(replace_index=True))
    with HybridIndex.open(foreign.target) as index:
        assert [document.id for document in index.scan()] == [note["_id"] for note in given]
        assert index.add([flat(given[-1])]).replaced == 1
        assert index.delete([given[-1]["_id"], given[0]["_id"]]) == 2
        assert index.count() == COUNT - 2
