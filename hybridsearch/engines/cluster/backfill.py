"""Documents that lack vectors: found in the order of their writes, and given them.

A vector is written on the condition that the document is still what it was made of; nothing else of
the document changes. One that was changed meanwhile comes again, since it was written later.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.cluster.actions import Action
from hybridsearch.engines.cluster.adopted import vector_value
from hybridsearch.engines.cluster.bulk import bulk
from hybridsearch.engines.cluster.digests import digest_values, digests_of
from hybridsearch.engines.cluster.documents import fields_of, source_filter
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS
from hybridsearch.engines.cluster.nesting import having_vectors
from hybridsearch.engines.cluster.objects import put_back
from hybridsearch.engines.cluster.presence import look_now_and_then
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.engines.cluster.views import WriteOrder
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Step
from hybridsearch.model.digests import Digests

_PURPOSE: Final = "for documents without vectors"
_PARTS: Final = (
    "hits.total,hits.hits._id,hits.hits.sort,hits.hits._seq_no,hits.hits._primary_term,"
    "hits.hits._routing,hits.hits._source,_shards.failed,_shards.failures,timed_out,error,status"
)
# What a server says of a document that is not there any more.
_GONE: Final = "document_missing_exception"


@dataclass(frozen=True, slots=True)
class Lacking:
    """A document without vectors in a field: its fields that are embedded; write: what tells
    whether it has been written since; digests: those that it has; routing: where its writer said
    which shard it goes to."""

    id: str
    fields: Mapping[str, Any]
    write: tuple[int, int]
    digests: Digests
    routing: str | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """The next documents without vectors; more: whether there may be more of this round; newer:
    whether there are others, written since it began."""

    documents: list[Lacking]
    more: bool
    newer: bool


@dataclass(frozen=True, slots=True, eq=False)
class Filling:
    """A document with the vectors that it is to have, and the digest of their text."""

    document: Lacking
    passages: PassageVectors


@dataclass(frozen=True, slots=True)
class Filled:
    """How many have their vectors, and how many passages those are; changed: how many had been
    written meanwhile; failures: ids with the reason."""

    filled: int
    passages: int
    changed: int
    failures: tuple[tuple[str, str], ...]


def count_lacking(name: str, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, int]:
    """How many documents have no vectors in a field."""
    body = {"size": 0, "track_total_hits": True, "query": _lacking(index.shape.vectors[name])}
    found = yield from _search(body, index)
    total: int = found["hits"]["total"]["value"]
    return total


def begin_round(name: str, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, WriteOrder]:
    """The order of the documents that have no vectors in a field now."""
    body = {
        "size": 1,
        "track_total_hits": False,
        "_source": False,
        "sort": [{"_seq_no": "desc"}],
        "query": _lacking(index.shape.vectors[name]),
    }
    found = yield from _search(body, index)
    hits = found.get("hits", {}).get("hits", ())
    return WriteOrder(hits[0]["sort"][0] if hits else -1)


def read_lacking(
    name: str, limit: int, order: WriteOrder, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, Page]:
    """The next documents without vectors in a field, at most `limit`."""
    embeds = index.schema.dense[name].embeds
    source = source_filter(index.schema, index.shape, embeds)
    body = {
        "size": limit,
        "track_total_hits": False,
        "seq_no_primary_term": True,
        "_source": {"includes": [*source["includes"], DIGESTS]},
        **order.page(_lacking(index.shape.vectors[name])),
    }
    found = yield from _search(body, index)
    hits = found.get("hits", {}).get("hits", ())
    order.take(hits)
    old = [hit for hit in hits if order.holds(hit)]
    documents = [
        Lacking(
            hit["_id"],
            fields_of(hit["_source"], index.schema, index.shape),
            (hit["_seq_no"], hit["_primary_term"]),
            digests_of(hit["_source"]),
            hit.get("_routing"),
        )
        for hit in old
    ]
    newer = len(old) < len(hits)
    return Page(documents, more=len(hits) == limit and not newer, newer=newer)


def fill(
    name: str, fillings: Sequence[Filling], index: ClusterIndex
) -> Generator[Step, Any, Filled]:
    """Write vectors to documents that are still what the vectors were made of."""
    yield from look_now_and_then(index)
    lines = (
        line
        for filling in fillings
        for line in index.notation.lines([_update(name, filling, index)])
    )
    settled = yield from bulk(lines, index, "to store vectors")
    failures = tuple(
        (fillings[at].document.id, reason)
        for at, reason in sorted(settled.failures)
        if not reason.startswith(_GONE)
    )
    changed = len(fillings) - len(settled.results) - len(failures)
    nested = index.shape.vectors[name].nested
    passages = sum(len(fillings[at].passages.vectors) if nested else 1 for at in settled.results)
    return Filled(len(settled.results), passages, changed, failures)


def _update(name: str, filling: Filling, index: ClusterIndex) -> Action:
    shape = index.shape.vectors[name]
    given = filling.document
    doc = put_back({shape.top: vector_value(filling.passages, shape)}, [shape.top])
    if index.digests:
        texts = {**given.digests.text, name: filling.passages.digest or ""}
        doc[DIGESTS] = digest_values(Digests(given.digests.document, texts))
    number, term = given.write
    action = {"_id": given.id, "if_seq_no": number, "if_primary_term": term}
    if given.routing is not None:
        action["routing"] = given.routing
    return [{"update": action}, {"doc": doc}]


def _lacking(shape: VectorShape) -> dict[str, Any]:
    return {"bool": {"must_not": [having_vectors(shape)]}}


def _search(
    body: Mapping[str, Any], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, dict[str, Any]]:
    params = {"filter_path": _PARTS, "allow_partial_search_results": "false"}
    reply = yield HttpRequest("POST", f"{index.path}/_search", orjson.dumps(body), params)
    found: dict[str, Any] = check_reply(reply, _PURPOSE, target=index.target)
    check_shards(found, _PURPOSE, index.target)
    return found
