"""Ids in order where no field has them so: read once, and held for whoever goes through them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Generator
from typing import Final

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.views import all_entries
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest

# Readers at a time for whom ids are held.
_READERS: Final = 4


def next_ids(
    after: str | None, limit: int, index: ClusterIndex, view: str | None = None
) -> Generator[HttpRequest, HttpReply, list[str]]:
    """The next ids after one, there or not, of an index or of a view of it."""
    held = index.seen.held
    left = held.pop((view, after), None)
    if left is None:
        entries = yield from all_entries(index.name, view, index.target)
        left = [entry.id for entry in entries]
        if after is not None:
            left = left[bisect_right(left, after) :]
    page, left = left[:limit], left[limit:]
    if left:
        held[view, page[-1]] = left
        while len(held) > _READERS:
            held.pop(next(iter(held)))
    return page
