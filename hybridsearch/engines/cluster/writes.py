"""Writing and deleting: bulk requests of bounded size, and what becomes of each item."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from tenacity import RetryCallState, Retrying, wait_random_exponential

from hybridsearch.engines.calls import Delete, Deleted, Write, Written
from hybridsearch.engines.cluster.documents import body_of
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.presence import check_present
from hybridsearch.engines.cluster.refusals import check_reply, part_of, reason_of, refusal
from hybridsearch.engines.cluster.sending import FIRST_WAIT, LONGEST_WAIT, TRANSIENT
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Pause, Step
from hybridsearch.errors import EngineError, RefusedError, UnavailableError

BULK_BYTES: Final = 8_000_000
ATTEMPTS: Final = 10
_WAIT: Final = wait_random_exponential(multiplier=FIRST_WAIT, max=LONGEST_WAIT)


@dataclass(frozen=True, slots=True)
class _Item:
    """One action with its document, as it is sent; position: in the call."""

    position: int
    lines: bytes


def write(call: Write, index: ClusterIndex) -> Generator[Step, Any, Written]:
    """Store documents; those the server will not take are failures with their reason.

    Raises EngineError where the fault is not the documents': they would all be failures.
    """
    yield from check_present(index)
    items = (
        _Item(
            position,
            b'{"index":{"_id":%b}}\n%b\n'
            % (orjson.dumps(document.id), body_of(document, index.schema)),
        )
        for position, document in enumerate(call.documents)
    )
    results, failures = yield from _bulk(items, index, "to store documents")
    return Written(
        len(results), sum(result == "updated" for result in results), tuple(sorted(failures))
    )


def delete(call: Delete, index: ClusterIndex) -> Generator[Step, Any, Deleted]:
    """Remove documents by id."""
    items = (
        _Item(position, b'{"delete":{"_id":%b}}\n' % orjson.dumps(id))
        for position, id in enumerate(call.ids)
    )
    results, failures = yield from _bulk(items, index, "to delete documents")
    if failures:
        raise UnavailableError(
            f"{len(failures)} of {len(call.ids)} documents were not deleted from {index.target} "
            f"({failures[0][1]}): delete them again"
        )
    return Deleted(sum(result == "deleted" for result in results))


def _bulk(
    items: Iterator[_Item], index: ClusterIndex, purpose: str
) -> Generator[Step, Any, tuple[list[str], list[tuple[int, str]]]]:
    results: list[str] = []
    failures: list[tuple[int, str]] = []
    for chunk in _chunks(items):
        pending = [chunk]
        while pending:
            part = pending.pop()
            too_large = yield from _settle(part, index, purpose, results, failures)
            if too_large:
                middle = len(part) // 2
                pending += [part[middle:], part[:middle]]
    return results, failures


def _settle(
    chunk: Sequence[_Item],
    index: ClusterIndex,
    purpose: str,
    results: list[str],
    failures: list[tuple[int, str]],
) -> Generator[Step, Any, bool]:
    """Send a chunk until no item of it is to be tried again; True where it is too large."""
    for attempt in range(1, ATTEMPTS + 1):
        reply: HttpReply = yield HttpRequest(
            "POST",
            f"{index.path}/_bulk",
            b"".join(item.lines for item in chunk),
            {"filter_path": "items.*.status,items.*.result,items.*.error"},
            writes=True,
        )
        if reply.status == 413 and len(chunk) > 1:
            return True
        if reply.status == 413:
            error = refusal(413, reply.body, purpose, target=index.target)
            failures.append((chunk[0].position, str(error)))
            return False
        again = []
        for item, outcome in zip(chunk, _outcomes(reply, len(chunk), index, purpose), strict=True):
            if outcome["status"] < 300 or outcome.get("result") == "not_found":
                results.append(outcome["result"])
            elif outcome["status"] in TRANSIENT and attempt < ATTEMPTS:
                again.append(item)
            else:
                error = refusal(outcome["status"], outcome, purpose, target=index.target)
                if not isinstance(error, RefusedError):
                    raise error
                failures.append((item.position, reason_of(outcome)[1]))
        if not again:
            return False
        chunk = again
        yield Pause(_wait(attempt))
    return False


def _outcomes(
    reply: HttpReply, count: int, index: ClusterIndex, purpose: str
) -> list[Mapping[str, Any]]:
    body = check_reply(reply, purpose, target=index.target)
    found = part_of(body, "items", purpose, target=index.target)
    if len(found) != count:
        raise EngineError(
            f"{index.target} was sent {count} documents and answered for {len(found)}: is there a "
            "proxy at this address that changes replies?"
        )
    return [next(iter(given.values())) for given in found]


def _chunks(items: Iterator[_Item]) -> Iterator[list[_Item]]:
    chunk: list[_Item] = []
    size = 0
    for item in items:
        if chunk and size + len(item.lines) > BULK_BYTES:
            yield chunk
            chunk, size = [], 0
        chunk.append(item)
        size += len(item.lines)
    if chunk:
        yield chunk


def _wait(attempt: int) -> float:
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    wait: Callable[[RetryCallState], float] = _WAIT
    return wait(state)
