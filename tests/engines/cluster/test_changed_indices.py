"""An index that others deleted, made or changed: told for what it is, and never made anew."""

from __future__ import annotations

import urllib.error
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from cluster_flows import index_on
from cluster_places import QUERY, Ask, Place, documents
from servers.ask import RefusedError, ask
from servers.fault_proxy import Exchange, FaultProxy, on

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.load import load_encoder
from hybridsearch.engines.cluster.presence import check_present
from hybridsearch.engines.cluster.wire import HttpReply
from hybridsearch.errors import (
    EncoderMismatchError,
    EngineError,
    IndexExistsError,
    IndexNotFoundError,
    MappingMismatchError,
)

NEW = [{"id": "new", "title": "word", "dense": QUERY}]


def exists(place: Place) -> bool:
    try:
        place.ask("GET", "/_mapping")
    except RefusedError:
        return False
    return True


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("search", ("word",)),
        ("get", ("d001",)),
        ("count", ()),
        ("info", ()),
        ("refresh", ()),
        ("delete", (["d001"],)),
        ("add", (NEW,)),
    ],
)
def test_an_index_deleted_while_open_is_missed_and_not_made_anew(
    place: Place, asked: Ask, method: str, arguments: Any
) -> None:
    place.make([])
    options = {"vector": QUERY} if method == "search" else {}
    with pytest.raises(IndexNotFoundError, match="there is no index at"):
        asked(place.target, method, *arguments, then=lambda: place.ask("DELETE"), **options)
    assert not exists(place)


def test_an_index_that_is_gone_may_be_made_anew_by_documents_on_their_way() -> None:
    looking = check_present(index_on("elasticsearch"))
    next(looking)
    with pytest.raises(IndexNotFoundError, match=r"deleted while it was open.*delete that one"):
        looking.send(HttpReply(404, {"error": {"type": "index_not_found_exception"}}))


def test_an_index_deleted_between_the_look_and_the_documents_is_told(
    place: Place, proxy: FaultProxy, asked: Ask
) -> None:
    place.make([])

    def deleting(exchange: Exchange) -> None:
        place.ask("DELETE")
        exchange.send(exchange.pass_on())

    proxy.fault = on("_bulk", deleting)
    with pytest.raises(IndexNotFoundError, match=r"made another in its place.*delete that one"):
        asked(place.through(proxy.url), "add", NEW)


def test_an_index_replaced_by_one_with_another_schema_is_not_written_to(
    place: Place, asked: Ask
) -> None:
    place.make([])

    def replace() -> None:
        place.ask("DELETE")
        schema = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 8}})
        HybridIndex.create(place.target, schema=schema, encoder=None).close()

    with pytest.raises(MappingMismatchError, match=r"not the one that was opened.*open it again"):
        asked(place.target, "add", NEW, then=replace)
    assert asked(place.target, "count") == 0


def test_making_an_index_that_is_there_is_refused(filled: Place, asked: Ask) -> None:
    with pytest.raises(IndexExistsError, match="open it, or give another name"):
        asked(filled.target, "create")


def test_opening_what_is_not_there_says_how_to_make_it(place: Place, asked: Ask) -> None:
    with pytest.raises(IndexNotFoundError, match="make one with `hybridsearch index"):
        asked(place.target, "count")


def test_an_index_of_somebody_else_is_told(place: Place, asked: Ask) -> None:
    place.ask("PUT", body={"mappings": {"properties": {"title": {"type": "text"}}}})
    with pytest.raises(EngineError, match=r"was not made by hybridsearch.*into a new one"):
        asked(place.target, "count")


def remade(place: Place, change: Callable[[dict[str, Any]], None], **settings: Any) -> None:
    """The index made anew by hand, with our `_meta` and a changed mapping."""
    place.make([], **settings)
    (found,) = place.ask("GET").values()
    place.ask("DELETE")
    index = {
        name: found["settings"]["index"][name]
        for name in ("number_of_shards", "number_of_replicas", "knn")
        if name in found["settings"]["index"]
    }
    change(found["mappings"])
    place.ask("PUT", body={"settings": {"index": index}, "mappings": found["mappings"]})


def other_dims(mapping: dict[str, Any]) -> None:
    vector = mapping["properties"]["dense"]["properties"]["vector"]
    vector["dims" if "dims" in vector else "dimension"] = 16


def other_type(mapping: dict[str, Any]) -> None:
    mapping["properties"]["year"] = {"type": "keyword"}


def other_analyzer(mapping: dict[str, Any]) -> None:
    mapping["properties"]["title"]["analyzer"] = "whitespace"


def no_passages(mapping: dict[str, Any]) -> None:
    mapping["properties"]["dense"]["type"] = "object"


def no_title(mapping: dict[str, Any]) -> None:
    del mapping["properties"]["title"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (other_dims, r"dense\.vector has (dims|dimension) 16, not 8"),
        (other_type, "year has type keyword, not long"),
        (other_analyzer, "title has analyzer whitespace, not standard"),
        (no_passages, "dense has type object, not nested"),
        (no_title, "title is missing"),
    ],
)
def test_a_mapping_that_does_not_fit_its_schema_is_told_by_field(
    place: Place, change: Any, message: str
) -> None:
    remade(place, change)
    with pytest.raises(MappingMismatchError, match=f"{message}.*into a new one"):
        HybridIndex.open(place.target)


def test_another_similarity_is_told(place: Place) -> None:
    """Scores would be read on the wrong scale."""

    def euclidean(mapping: dict[str, Any]) -> None:
        vector = mapping["properties"]["dense"]["properties"]["vector"]
        if place.product == "elasticsearch":
            vector["similarity"] = "l2_norm"
        else:
            vector["method"]["space_type"] = "l2"

    remade(place, euclidean, vector_index="hnsw")
    with pytest.raises(MappingMismatchError, match=r"dense\.vector has (similarity|space_type) l2"):
        HybridIndex.open(place.target)


def test_a_meta_that_nobody_can_read_is_told(place: Place) -> None:
    def broken(mapping: dict[str, Any]) -> None:
        del mapping["_meta"]["hybridsearch"]["schema"]

    remade(place, broken)
    with pytest.raises(MappingMismatchError, match=r"_meta\.hybridsearch.*into a new one"):
        HybridIndex.open(place.target)


def test_an_index_of_another_encoder_is_not_opened_with_this_one(
    place: Place, tiny: Any, build_model: Any
) -> None:
    other = load_encoder(f"transformers:{build_model('other', seed=7)}", device="cpu")
    schema = Schema(text=["title"])
    HybridIndex.create(place.target, schema=schema, encoder=tiny).close()
    with pytest.raises(
        EncoderMismatchError, match=r"was made with the encoder .* index the source"
    ):
        HybridIndex.open(place.target, encoder=other)


@pytest.fixture
def alias(place: Place) -> Iterator[str]:
    name = f"alias-{uuid.uuid4().hex}"
    yield name
    with suppress(RefusedError, urllib.error.URLError):
        ask("DELETE", f"{place.url}/*/_alias/{name}")


def test_an_alias_of_one_index_is_that_index(place: Place, alias: str, asked: Ask) -> None:
    place.make(documents(3))
    place.ask("PUT", f"/_alias/{alias}")
    target = place.target.replace(place.name, alias)
    assert asked(target, "add", NEW).indexed == 1
    assert asked(target, "count") == 4
    assert len(asked(target, "search", "word", vector=QUERY).hits) == 4


def test_an_alias_of_two_indices_is_refused(place: Place, filled: Place, alias: str) -> None:
    place.make([])
    place.ask("PUT", f"/_alias/{alias}")
    filled.ask("PUT", f"/_alias/{alias}")
    with pytest.raises(EngineError, match=r"names 2 indices .*name one, or an alias of one"):
        HybridIndex.open(place.target.replace(place.name, alias))


def test_an_alias_that_moves_to_two_indices_is_not_written_to(
    place: Place, filled: Place, alias: str, asked: Ask
) -> None:
    place.make([])
    place.ask("PUT", f"/_alias/{alias}")
    target = place.target.replace(place.name, alias)
    with pytest.raises(MappingMismatchError, match="names several indices; open it again"):
        asked(target, "add", NEW, then=lambda: filled.ask("PUT", f"/_alias/{alias}"))
