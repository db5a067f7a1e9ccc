"""Running flows: many advance together, and their calls of one round share a trip.

A flow decides and yields calls; a performer makes them. `Lockstep` keeps the books for both the
synchronous and the asynchronous driver, which are the two short functions at the end.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, Generic, TypeVar

R = TypeVar("R")
Flow = Generator[Any, Any, R]
Perform = Callable[[Sequence[Any]], Sequence[Any]]
PerformAsync = Callable[[Sequence[Any]], Awaitable[Sequence[Any]]]


class Lockstep(Generic[R]):
    """Flows that advance together: `calls` are what they wait for, `reply` takes the answers."""

    def __init__(self, flows: Sequence[Flow[R]]) -> None:
        self.results: dict[int, R] = {}
        self._flows = dict(enumerate(flows))
        self._calls: dict[int, Any] = {}
        for position in list(self._flows):
            self._advance(position, None)

    @property
    def calls(self) -> list[Any]:
        """The calls to be made now, one of each flow that goes on; empty when all have ended."""
        return list(self._calls.values())

    def reply(self, replies: Sequence[Any]) -> None:
        """Hand each flow its reply, in the order of `calls`."""
        waiting = list(self._calls)
        self._calls = {}
        for position, reply in zip(waiting, replies, strict=True):
            self._advance(position, reply)

    def fail(self, error: Exception) -> None:
        """Raise in each flow that waits what its call ended with; one that lets it pass ends so."""
        waiting = list(self._calls)
        self._calls = {}
        for position in waiting:
            try:
                self._calls[position] = self._flows[position].throw(error)
            except StopIteration as end:
                self.results[position] = end.value

    def close(self) -> None:
        """End the flows that have not ended."""
        for flow in self._flows.values():
            flow.close()

    def _advance(self, position: int, reply: Any) -> None:
        try:
            self._calls[position] = self._flows[position].send(reply)
        except StopIteration as end:
            self.results[position] = end.value


def run(flows: Sequence[Flow[R]], perform: Perform) -> list[R]:
    """Drive flows to their ends; results in their order."""
    lockstep = Lockstep(flows)
    try:
        while calls := lockstep.calls:
            try:
                replies = perform(calls)
            except Exception as error:  # noqa: BLE001 - the flows decide
                lockstep.fail(error)
            else:
                lockstep.reply(replies)
    finally:
        lockstep.close()
    return [lockstep.results[position] for position in range(len(flows))]


async def run_async(flows: Sequence[Flow[R]], perform: PerformAsync) -> list[R]:
    """Drive flows to their ends with `await`; results in their order."""
    lockstep = Lockstep(flows)
    try:
        while calls := lockstep.calls:
            try:
                replies = await perform(calls)
            except Exception as error:  # noqa: BLE001 - the flows decide
                lockstep.fail(error)
            else:
                lockstep.reply(replies)
    finally:
        lockstep.close()
    return [lockstep.results[position] for position in range(len(flows))]
