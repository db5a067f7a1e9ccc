"""Scanning: all documents of an index, page by page in the order of their ids."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

from hybridsearch.engines.calls import Scan, Scanned
from hybridsearch.engines.cluster.digests import digests_of
from hybridsearch.engines.cluster.documents import fields_of, source_filter
from hybridsearch.engines.cluster.held_ids import next_ids
from hybridsearch.engines.cluster.hits import id_of
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS
from hybridsearch.engines.cluster.passages import passages_of
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.views import list_entries, search_of
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.reading_calls import ListedIds, ListIds
from hybridsearch.model.document import Document

_PURPOSE: Final = "for the next documents"
_PARTS: Final = "hits.hits._source,_shards.failed,_shards.failures,timed_out,error,status"


def scan(
    call: Scan, index: ClusterIndex, view: str | None = None
) -> Generator[HttpRequest, HttpReply, Scanned]:
    """The documents after an id. A page needs nothing of the page before it but its last id.

    view: of the index, to read it as it was (`views.open_view`).
    """
    if index.shape.id is None:
        return (yield from _scan_by_ids(call, index, view))
    return (yield from _page(scan_body(call, index), index, view, vectors=call.vectors))


def list_ids(call: ListIds, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, ListedIds]:
    """The ids after an id."""
    id = index.shape.id
    if id is None:
        return ListedIds((yield from next_ids(call.after, call.limit, index)))
    entries = yield from list_entries(
        index.name, call.after, index.target, view=False, id=id, most=call.limit
    )
    return ListedIds([entry.id for entry in entries])


def read(
    ids: Sequence[str], index: ClusterIndex, *, vectors: bool
) -> Generator[HttpRequest, HttpReply, Scanned]:
    """Those of these documents that searches see, by rising id."""
    body = scan_body(Scan(None, len(ids), vectors), index)
    body["query"] = index.shape.among(ids)
    return (yield from _page(body, index, None, vectors=vectors))


def _scan_by_ids(
    call: Scan, index: ClusterIndex, view: str | None
) -> Generator[HttpRequest, HttpReply, Scanned]:
    """The same where no field has the ids in order."""
    after = call.after
    while page := (yield from next_ids(after, call.limit, index, view)):
        body = {**scan_body(call, index), "query": index.shape.among(page)}
        found = yield from _page(body, index, view, vectors=call.vectors)
        if found.documents:  # those of a page may have been deleted
            return found
        after = page[-1]
    return Scanned([])


def _page(
    body: dict[str, Any], index: ClusterIndex, view: str | None, *, vectors: bool
) -> Generator[HttpRequest, HttpReply, Scanned]:
    parts = _PARTS if index.shape.id else f"{_PARTS},hits.hits._id"
    params = {"filter_path": parts, "allow_partial_search_results": "false"}
    reply = yield search_of(index.path, view, body, params)
    found = check_reply(reply, _PURPOSE, target=index.target)
    check_shards(found, _PURPOSE, index.target)
    documents = [
        _document(hit, index, vectors=vectors) for hit in found.get("hits", {}).get("hits", ())
    ]
    return Scanned(sorted(documents, key=lambda document: document.id))


def scan_body(call: Scan, index: ClusterIndex) -> dict[str, Any]:
    """One page; a keyword is sorted by its bytes, and so by code points."""
    plain = source_filter(index.schema, index.shape, None)
    parts = ["*"]
    if index.shape.own:
        plain["includes"].append(DIGESTS)
        parts = [*plain["includes"], *index.schema.dense]
    body: dict[str, Any] = {
        "size": call.limit,
        "track_total_hits": False,
        "sort": [{index.shape.id or "_doc": "asc"}],
        "_source": index.dialect.source_with_vectors(parts, index.server)
        if call.vectors
        else plain,
    }
    if index.shape.id is None:
        return body
    return body if call.after is None else {**body, "search_after": [call.after]}


def _document(hit: Mapping[str, Any], index: ClusterIndex, *, vectors: bool) -> Document:
    source = hit["_source"]
    fields = fields_of(source, index.schema, index.shape)
    passages = passages_of(source, index.schema, index.shape) if vectors else {}
    return Document(id_of(hit, index), fields, passages, digests_of(source).version)
