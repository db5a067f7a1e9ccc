"""Documents read by their ids: their fields, their vectors, or all of it."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

import orjson

from hybridsearch.engines.calls import Get, Got
from hybridsearch.engines.cluster.documents import fields_of, stored, whole_source
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS
from hybridsearch.engines.cluster.passages import parts_of, passages_of
from hybridsearch.engines.cluster.refusals import check_reply, check_shards, part_of, refusal
from hybridsearch.engines.cluster.routing import ROUTED
from hybridsearch.engines.cluster.views import search_of
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.reading_calls import (
    GetVectors,
    GetWhole,
    GotVectors,
    GotWhole,
    Whole,
)
from hybridsearch.model.document import Document

_PURPOSE: Final = "for documents"
_PARTS: Final = (
    "hits.hits._id,hits.hits._source,hits.hits._seq_no,hits.hits._primary_term,"
    "_shards.failed,_shards.failures,timed_out,error,status"
)
# What is said of an id without a routing, where the index asks for one.
_ROUTING: Final = "routing_missing_exception"
# Of a document that could not be got, where only the kind of the error is told.
_STATUS: Final = {"index_not_found": 404, "no_shard_available": 503}

_Given = dict[str, Mapping[str, Any]]


def get(call: Get, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, Got]:
    """Documents with all their fields and without their vectors."""
    tops = [vector.top for vector in index.shape.vectors.values()]
    found = yield from _documents(call.ids, {"excludes": tops} if tops else {}, index)
    return Got(
        {
            id: stored(id, given["_source"], index.schema, index.shape, None)
            for id, given in found.items()
        }
    )


def get_vectors(
    call: GetVectors, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, GotVectors]:
    """Passages with their vectors and digests; products that keep vectors apart from the source put
    them back for who names them, in the numbers that were sent."""
    schema, shape = index.schema, index.shape
    parts = [part for name in call.fields for part in parts_of(name, schema, shape)]
    ids = [] if shape.id is None else [shape.id]
    found = yield from _documents(call.ids, {"includes": [*ids, DIGESTS, *parts]}, index)
    documents = {}
    for id, given in found.items():
        passages = passages_of(given["_source"], schema, shape)
        documents[id] = {name: passages[name] for name in call.fields}
    return GotVectors(documents)


def get_whole(call: GetWhole, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, GotWhole]:
    """All that is stored of documents, also what searches do not see yet; their state is the
    write that made them."""
    found = yield from _documents(
        call.ids, {"includes": whole_source(index.schema, index.shape)}, index
    )
    documents = {}
    for id, given in found.items():
        source = given["_source"]
        fields = fields_of(source, index.schema, index.shape)
        documents[id] = Whole(
            Document(id, fields, passages_of(source, index.schema, index.shape)),
            (given["_seq_no"], given["_primary_term"]),
        )
    return GotWhole(documents)


def _documents(
    ids: Sequence[str], parts: Mapping[str, Any], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, _Given]:
    """What is answered for the documents that are there, by id; parts: of their sources.

    Those of an adopted index that are not where their ids say are where a routing put them.
    """
    if not ids:
        return {}
    found = yield from _where_ids_say(ids, parts, index)
    others = [id for id in ids if id not in found]
    if others and not index.shape.own:
        found |= yield from _where_routed(others, parts, index)
    return found


def _where_ids_say(
    ids: Sequence[str], parts: Mapping[str, Any], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, _Given]:
    asked = [{"_id": id, "_source": parts} if parts else {"_id": id} for id in ids]
    body = orjson.dumps({"docs": asked})
    reply = yield HttpRequest("POST", f"{index.path}/_mget", body)
    answered = check_reply(reply, _PURPOSE, target=index.target)
    found: _Given = {}
    for given in part_of(answered, "docs", _PURPOSE, target=index.target):
        if "error" in given and _ROUTING in str(given):
            continue  # it is where its routing says
        if "error" in given:
            status = next((code for kind, code in _STATUS.items() if kind in str(given)), 500)
            raise refusal(status, given, _PURPOSE, target=index.target)
        if given.get("found"):
            found[given["_id"]] = given
    return found


def _where_routed(
    ids: Sequence[str], parts: Mapping[str, Any], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, _Given]:
    """The same of documents with a routing, as far as searches see them."""
    source: Any = parts or True
    if "includes" in parts:
        source = index.dialect.source_with_vectors(parts["includes"], index.server)
    body = {
        "size": len(ids),
        "track_total_hits": False,
        "seq_no_primary_term": True,
        "_source": source,
        "query": {"bool": {"filter": [index.shape.among(ids), ROUTED]}},
    }
    params = {"filter_path": _PARTS, "allow_partial_search_results": "false"}
    reply = yield search_of(index.path, None, body, params)
    answered = check_reply(reply, _PURPOSE, target=index.target)
    check_shards(answered, _PURPOSE, index.target)
    return {hit["_id"]: hit for hit in answered.get("hits", {}).get("hits", ())}
