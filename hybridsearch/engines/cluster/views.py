"""Views: an index as it was at a moment, for as long as the server keeps it; and what has changed
since.

Every write of a document, also one that leaves it as it was, gives it another sequence number.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest

KEPT: Final = "24h"
PAGE: Final = 10_000
_CHANGED: Final = "for what has changed"


@dataclass(frozen=True, slots=True)
class Entry:
    """A document by its id and by the write that made it what it is."""

    id: str
    write: int


class WriteOrder:
    """How far a reading in the order of writes is; what is written meanwhile comes at the end.
    until: the number of the last write that is of it, None for no end.

    Shards count writes by themselves, so that entries of one number may lie on both sides of the
    end of a page: each page begins with that number again, without those that have come.
    """

    def __init__(self, until: int | None = None) -> None:
        self._until = until
        self._last = -1
        self._came: list[str] = []

    def page(self, query: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """What asks for the next page of what a query finds."""
        body: dict[str, Any] = {"sort": [{"_seq_no": "asc"}], "search_after": [self._last - 1]}
        asked = {"filter": [query]} if query is not None else {}
        if self._came:
            asked["must_not"] = [{"terms": {"_id": self._came}}]
        return {**body, "query": {"bool": asked}} if asked else body

    def holds(self, hit: Mapping[str, Any]) -> bool:
        """Whether a hit is not after the end."""
        number: int = hit["sort"][0]
        return self._until is None or number <= self._until

    def take(self, hits: Sequence[Mapping[str, Any]]) -> None:
        """Note the hits of a page."""
        if not hits:
            return
        last = hits[-1]["sort"][0]
        if last != self._last:
            self._last, self._came = last, []
        self._came += [hit["_id"] for hit in hits if hit["sort"][0] == last]


def open_view(index: str, dialect: Dialect, target: str) -> Generator[HttpRequest, HttpReply, str]:
    """The name of a view of the index as it is now; the server forgets it after a day."""
    place, key = dialect.view_place
    reply = yield HttpRequest("POST", f"{index_path(index)}{place}", params={"keep_alive": KEPT})
    view: str = check_reply(reply, f"to keep {index} as it is", target=target)[key]
    return view


def close_view(view: str, dialect: Dialect, target: str) -> Generator[HttpRequest, HttpReply, None]:
    """Let the server forget a view; one that it has forgotten is no error."""
    place, key = dialect.view_place
    body = orjson.dumps({key: view if key == "id" else [view]})
    reply = yield HttpRequest("DELETE", place, body)
    if reply.status != 404:
        check_reply(reply, "to forget a view", target=target)


def view_is_kept(view: str, target: str) -> Generator[HttpRequest, HttpReply, bool]:
    """Whether the server still knows a view."""
    reply = yield search_of("", view, {"size": 0}, {})
    if reply.status == 404:
        return False
    check_reply(reply, "for a view", target=target)
    return True


def search_of(
    path: str, view: str | None, body: Mapping[str, Any], params: Mapping[str, str]
) -> HttpRequest:
    """A search of the index at this path, or of a view of it."""
    if view is None:
        return HttpRequest("POST", f"{path}/_search", orjson.dumps(body), params)
    viewed = {**body, "pit": {"id": view, "keep_alive": KEPT}}
    return HttpRequest("POST", "/_search", orjson.dumps(viewed), params)


def list_entries(
    place: str, after: str | None, target: str, *, view: bool, id: str, most: int = PAGE
) -> Generator[HttpRequest, HttpReply, list[Entry]]:
    """The next entries in the order of their ids, of an index or of a view.

    id: the keyword field with the ids.
    """
    body: dict[str, Any] = {
        "size": most,
        "track_total_hits": False,
        "stored_fields": "_none_",
        "_source": False,
        "seq_no_primary_term": True,
        "sort": [{id: "asc"}],
    }
    if after is not None:
        body["search_after"] = [after]
    params = {"filter_path": "hits.hits.sort,hits.hits._seq_no,_shards,timed_out"}
    reply = yield search_of(index_path(place), place if view else None, body, params)
    found = check_reply(reply, _CHANGED, target=target)
    check_shards(found, _CHANGED, target)
    hits = found.get("hits", {}).get("hits", ())
    return [Entry(hit["sort"][0], hit["_seq_no"]) for hit in hits]


def all_entries(
    index: str, view: str | None, target: str, query: Mapping[str, Any] | None = None
) -> Generator[HttpRequest, HttpReply, list[Entry]]:
    """Every entry of an index, or of a view of it, whose ids no field says, or those that a query
    finds: in the order of their ids, which are all held at once.

    They are read in the order of their writes. What is written meanwhile comes again at the end.
    """
    written: dict[str, int] = {}
    order = WriteOrder()
    while True:
        body = {"size": PAGE, "track_total_hits": False, "_source": False, **order.page(query)}
        params = {"filter_path": "hits.hits._id,hits.hits.sort,_shards,timed_out"}
        reply = yield search_of(index_path(index), view, body, params)
        found = check_reply(reply, _CHANGED, target=target)
        check_shards(found, _CHANGED, target)
        hits = found.get("hits", {}).get("hits", ())
        order.take(hits)
        written.update((hit["_id"], hit["sort"][0]) for hit in hits)
        if len(hits) < PAGE:
            return [Entry(id, written[id]) for id in sorted(written)]


def changes(before: Iterator[Entry], now: Iterator[Entry]) -> Iterator[tuple[str, bool]]:
    """Ids that were written since, with True, and ids that are gone, with False, by rising id."""
    old, new = next(before, None), next(now, None)
    while old is not None or new is not None:
        if old is not None and (new is None or old.id < new.id):
            yield old.id, False
            old = next(before, None)
        elif new is not None and (old is None or new.id < old.id):
            yield new.id, True
            new = next(now, None)
        elif old is not None and new is not None:
            if old.write != new.write:
                yield new.id, True
            old, new = next(before, None), next(now, None)
