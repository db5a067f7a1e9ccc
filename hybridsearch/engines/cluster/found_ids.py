"""Whether the ids of an index that others made say which document is which: looked at in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator, Iterator, Mapping, Sequence
from typing import Any, Final

from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.objects import value_at
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.routing import ROUTED
from hybridsearch.engines.cluster.views import PAGE, Entry, all_entries, search_of
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import ConfigurationError

_PURPOSE: Final = "for documents by their ids"
# Half as many as one search gives, so that an id with two documents is seen.
_AT_ONCE: Final = PAGE // 2

_Hits = Sequence[Mapping[str, Any]]


def check_repeated(name: str, target: str, field: str) -> Generator[HttpRequest, HttpReply, None]:
    """Raises ConfigurationError unless a field has the id in every document."""
    entries = yield from all_entries(name, None, target)
    for ids in _parts(entries):
        for hit in (yield from _documents(name, target, ids, field)):
            values = value_at(hit.get("fields", {}), field)
            if values != [hit["_id"]]:
                raise ConfigurationError(
                    f"{field} cannot stand for the id at {target}: the document {hit['_id']!r} has "
                    f"{values} there; leave it out, and ids are taken from _id"
                )


def check_single(name: str, target: str) -> Generator[HttpRequest, HttpReply, None]:
    """Raises ConfigurationError where an id is that of several documents, which only those can be
    that have a routing."""
    entries = yield from all_entries(name, None, target, ROUTED)
    for ids in _parts(entries):
        hits = yield from _documents(name, target, ids)
        for id, count in Counter(hit["_id"] for hit in hits).most_common(1):
            if count > 1:
                raise ConfigurationError(
                    f"the id {id!r} is that of {count} documents at {target}, with different "
                    "routings: an id has to say which document is meant; delete the others, or "
                    "index the source into a new index, each with an id of its own"
                )


def _parts(entries: Sequence[Entry]) -> Iterator[list[str]]:
    for begin in range(0, len(entries), _AT_ONCE):
        yield [entry.id for entry in entries[begin : begin + _AT_ONCE]]


def _documents(
    name: str, target: str, ids: Sequence[str], *fields: str
) -> Generator[HttpRequest, HttpReply, _Hits]:
    """What there is under these ids, with the values of some fields."""
    body = {
        "size": PAGE,
        "track_total_hits": False,
        "query": {"terms": {"_id": ids}},
        "_source": False,
        "docvalue_fields": fields,
    }
    params = {"filter_path": "hits.hits._id,hits.hits.fields,_shards,timed_out"}
    reply = yield search_of(index_path(name), None, body, params)
    found = check_reply(reply, _PURPOSE, target=target)
    check_shards(found, _PURPOSE, target)
    hits: _Hits = found.get("hits", {}).get("hits", ())
    return hits
