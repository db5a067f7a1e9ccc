"""Scanning: all documents of an index, page by page in the order of their ids."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final

from hybridsearch.engines.calls import Scan, Scanned
from hybridsearch.engines.cluster.digests import version_of
from hybridsearch.engines.cluster.documents import source_filter, stored
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS, ID
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
    return (yield from _page(scan_body(call, index), index, view, vectors=call.vectors))


def list_ids(call: ListIds, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, ListedIds]:
    """The ids after an id."""
    entries = yield from list_entries(
        index.name, call.after, index.target, view=False, most=call.limit
    )
    return ListedIds([entry.id for entry in entries])


def read(
    ids: Sequence[str], index: ClusterIndex, *, vectors: bool
) -> Generator[HttpRequest, HttpReply, Scanned]:
    """Those of these documents that searches see, by rising id."""
    body = scan_body(Scan(None, len(ids), vectors), index)
    body["query"] = {"terms": {ID: list(ids)}}
    return (yield from _page(body, index, None, vectors=vectors))


def _page(
    body: dict[str, Any], index: ClusterIndex, view: str | None, *, vectors: bool
) -> Generator[HttpRequest, HttpReply, Scanned]:
    params = {"filter_path": _PARTS, "allow_partial_search_results": "false"}
    reply = yield search_of(index.path, view, body, params)
    found = check_reply(reply, _PURPOSE, target=index.target)
    check_shards(found, _PURPOSE, index.target)
    sources = [hit["_source"] for hit in found.get("hits", {}).get("hits", ())]
    return Scanned([_document(source, index, vectors=vectors) for source in sources])


def scan_body(call: Scan, index: ClusterIndex) -> dict[str, Any]:
    """One page; a keyword is sorted by its bytes, and so by code points."""
    plain = source_filter(index.schema, None)
    plain["includes"].append(DIGESTS)
    parts = [*plain["includes"], *index.schema.dense]
    body: dict[str, Any] = {
        "size": call.limit,
        "track_total_hits": False,
        "sort": [{ID: "asc"}],
        "_source": index.dialect.source_with_vectors(parts, index.server)
        if call.vectors
        else plain,
    }
    return body if call.after is None else {**body, "search_after": [call.after]}


def _document(source: dict[str, Any], index: ClusterIndex, *, vectors: bool) -> Document:
    fields = stored(source[ID], source, index.schema, None).fields
    passages = passages_of(source, index.schema) if vectors else {}
    return Document(source[ID], fields, passages, version_of(source))
