"""Bulk requests that adapt to what the server can take, until every item of them is settled.

What a reply refuses for lack of room, and what a lost reply leaves open, is sent again, also item
by item; for as long as anything gets through there is no end to that.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Final, TypeAlias

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.presence import check_present
from hybridsearch.engines.cluster.refusals import check_reply, lost, part_of, reason_of, refusal
from hybridsearch.engines.cluster.sending import TRANSIENT, pause
from hybridsearch.engines.cluster.wire import LOST, HttpReply, HttpRequest, Pause, Step
from hybridsearch.errors import (
    EngineError,
    IndexNotFoundError,
    RefusedError,
    WritesHeldError,
)

_TOLD: Final = {"filter_path": "items.*.status,items.*.error"}
# What `result` would say of them, which would make replies longer.
_RESULTS: Final = {
    ("index", 201): "created",
    ("index", 200): "updated",
    ("update", 200): "updated",
    ("delete", 200): "deleted",
    ("delete", 404): "not_found",
}

# A document's position in the call, and what is sent of it. A plain tuple: many wait at a time, and
# the garbage collector would look through objects of ours again and again.
Item: TypeAlias = tuple[int, bytes]


@dataclass(slots=True)
class Settled:
    """What became of items: results by position; failures with their reasons.

    doubtful: positions that may have been stored by a request whose reply did not come; conflicts:
    those whose document is not as they expect it.
    """

    results: dict[int, str] = field(default_factory=dict)
    failures: list[tuple[int, str]] = field(default_factory=list)
    doubtful: set[int] = field(default_factory=set)
    conflicts: set[int] = field(default_factory=set)


def bulk(
    lines: Iterator[bytes], index: ClusterIndex, purpose: str
) -> Generator[Step, Any, Settled]:
    """Send all items, given as they are written; raises EngineError where the fault is not theirs:
    all would be failures."""
    settled = Settled()
    queue = _Queue(enumerate(lines))
    attempt, missed, begin = 0, 0, time.monotonic()
    while chunk := queue.take(index.pace.bytes):
        reply: HttpReply = yield _request(chunk, index, index.pace.left(begin))
        if reply.status == 413:
            _make_smaller(chunk, reply, queue, index, purpose, settled)
            continue
        again, error = _settle(chunk, reply, index, purpose, settled)
        if len(again) < len(chunk):
            attempt = 0
            index.pace.got_through()
        missed = missed + 1 if isinstance(error, IndexNotFoundError) else 0
        if error is None:
            index.pace.went_well()
            continue
        attempt += 1
        wait = pause(attempt, reply)
        if wait > index.pace.left(begin) or missed > 1:
            raise error
        queue.put_back(again)
        yield Pause(wait)
        # Another index may be in its place by now, or none; or the server did not know it yet.
        if isinstance(error, WritesHeldError | IndexNotFoundError):
            yield from check_present(index)
    return settled


def _request(chunk: Sequence[Item], index: ClusterIndex, left: float) -> HttpRequest:
    body = b"".join([lines for _, lines in chunk])
    path = f"{index.path}/_bulk"
    return HttpRequest(
        "POST",
        path,
        body,
        _TOLD,
        kind=index.notation.kind,
        writes=True,
        seconds=max(left, 0.1),
        once=True,
    )


def _settle(
    chunk: Sequence[Item], reply: HttpReply, index: ClusterIndex, purpose: str, settled: Settled
) -> tuple[Sequence[Item], EngineError | None]:
    """Items to be sent again, and the error that it is if that does not help."""
    if reply.status == LOST:
        settled.doubtful.update(position for position, _ in chunk)
        seconds = index.pace.patience
        return chunk, lost(reply.body, purpose, target=index.target, seconds=seconds)
    if reply.status in TRANSIENT:
        _note(reply.status, chunk, index, settled)
        return chunk, refusal(reply.status, reply.body, purpose, target=index.target)
    again: list[Item] = []
    last: EngineError | None = None
    told = _outcomes(reply, len(chunk), index, purpose)
    for item, (asked, outcome) in zip(chunk, told, strict=True):
        status, (position, _) = outcome["status"], item
        result = _RESULTS.get((asked, status))
        if result is not None and "error" not in outcome:
            settled.results[position] = result
            continue
        if status == 409:
            settled.conflicts.add(position)
            continue
        error = refusal(status, outcome, purpose, target=index.target)
        if status in TRANSIENT:
            _note(status, [item], index, settled, first=not again)
        if status in TRANSIENT or isinstance(error, WritesHeldError | IndexNotFoundError):
            again.append(item)
            last = error
        elif isinstance(error, RefusedError):
            settled.failures.append((position, reason_of(outcome)[1]))
        else:
            raise error
    return again, last


def _note(
    status: int,
    items: Sequence[Item],
    index: ClusterIndex,
    settled: Settled,
    *,
    first: bool = True,
) -> None:
    """429 says that nothing was done, and to send less; of the others neither is known."""
    if status != 429:
        settled.doubtful.update(position for position, _ in items)
    elif first:
        index.pace.no_room()


def _make_smaller(
    chunk: Sequence[Item],
    reply: HttpReply,
    queue: _Queue,
    index: ClusterIndex,
    purpose: str,
    settled: Settled,
) -> None:
    index.pace.too_large(sum(len(lines) for _, lines in chunk))
    if len(chunk) > 1:
        queue.put_back(chunk)
        return
    error = refusal(413, reply.body, purpose, target=index.target)
    settled.failures.append((chunk[0][0], str(error)))


def _outcomes(
    reply: HttpReply, count: int, index: ClusterIndex, purpose: str
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Of each item, what was asked for and what became of it."""
    body = check_reply(reply, purpose, target=index.target)
    found = part_of(body, "items", purpose, target=index.target)
    if len(found) != count:
        raise EngineError(
            f"{index.target} was sent {count} documents and answered for {len(found)}: is there a "
            "proxy at this address that changes replies?"
        )
    return chain.from_iterable(map(dict.items, found))


class _Queue:
    """Items still to be sent: those that come again first, then the rest, made when taken."""

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._again: deque[Item] = deque()

    def put_back(self, items: Sequence[Item]) -> None:
        """These come first."""
        self._again.extendleft(reversed(items))

    def take(self, size: int) -> list[Item]:
        """At least one item, if there is any, and as many as go into so many bytes."""
        chunk: list[Item] = []
        taken = 0
        while True:
            item = self._again.popleft() if self._again else next(self._items, None)
            if item is None:
                return chunk
            length = len(item[1])
            if chunk and taken + length > size:
                self._again.appendleft(item)
                return chunk
            chunk.append(item)
            taken += length
