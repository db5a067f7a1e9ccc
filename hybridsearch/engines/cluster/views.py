"""Views: an index as it was at a moment, for as long as the server keeps it; and what has changed
since.

Every write of a document, also one that leaves it as it was, gives it another sequence number.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.mapping import ID
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest

KEPT: Final = "24h"
PAGE: Final = 10_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A document by its id and by the write that made it what it is."""

    id: str
    write: int


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
    place: str, after: str | None, target: str, *, view: bool, most: int = PAGE
) -> Generator[HttpRequest, HttpReply, list[Entry]]:
    """The next entries in the order of their ids, of an index or of a view."""
    body: dict[str, Any] = {
        "size": most,
        "track_total_hits": False,
        "stored_fields": "_none_",
        "_source": False,
        "seq_no_primary_term": True,
        "sort": [{ID: "asc"}],
    }
    if after is not None:
        body["search_after"] = [after]
    params = {"filter_path": "hits.hits.sort,hits.hits._seq_no,_shards,timed_out"}
    reply = yield search_of(index_path(place), place if view else None, body, params)
    purpose = "for what has changed"
    found = check_reply(reply, purpose, target=target)
    check_shards(found, purpose, target)
    hits = found.get("hits", {}).get("hits", ())
    return [Entry(hit["sort"][0], hit["_seq_no"]) for hit in hits]


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
