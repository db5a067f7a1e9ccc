"""Driving a flow that reads a source: it pulls records and keeps writes in flight.

Writes in flight are threads for a caller that waits, and tasks for one with an event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Generator, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, TypeVar

from hybridsearch.engines.calls import Write
from hybridsearch.errors import EngineError
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.flight import Send, Settle, Settled
from hybridsearch.indexing.records import Pull
from hybridsearch.lockstep import run, run_async
from hybridsearch.wiring.performer import Performer
from hybridsearch.wiring.pulling import AsyncPuller, Puller

R = TypeVar("R")


def add(
    flow: Generator[Any, Any, R],
    performer: Performer,
    source: Iterable[Any],
    letters: DeadLetters,
) -> R:
    """Drive the flow to its report; nothing is in flight any more when this is left."""
    puller = Puller(source)
    most = performer.engine.writes_in_flight
    flying: dict[Future[Any], int] = {}

    def land(left: int) -> list[Settled]:
        while len(pending := [future for future in flying if not future.done()]) > left:
            wait(pending, return_when=FIRST_COMPLETED)
        return _taken(flying)

    def perform(calls: Sequence[Any]) -> Sequence[Any]:
        match calls[0]:
            case Pull():
                return [puller.pull(calls[0])]
            case Send(number, write):
                settled = land(most - 1)
                flying[pool.submit(performer.perform, [write])] = number
                return [settled]
            case Settle():
                return [land(0)]
        return performer.perform(calls)

    with ThreadPoolExecutor(most, "hybridsearch-write") as pool:
        try:
            return run([flow], perform)[0]
        except BaseException:
            wait(flying)
            with suppress(EngineError):  # the first error is the one to tell
                letters.close()
            raise


async def add_async(
    flow: Generator[Any, Any, R],
    performer: Performer,
    source: Iterable[Any] | AsyncIterable[Any],
    letters: DeadLetters,
) -> R:
    """The same with `await`."""
    puller = AsyncPuller(source)
    most = performer.engine.writes_in_flight
    flying: dict[asyncio.Task[Any], int] = {}

    async def land(left: int) -> list[Settled]:
        while len(pending := [task for task in flying if not task.done()]) > left:
            await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
        return _taken(flying)

    async def perform(calls: Sequence[Any]) -> Sequence[Any]:
        match calls[0]:
            case Pull():
                return [await puller.pull(calls[0])]
            case Send(number, write):
                settled = await land(most - 1)
                flying[asyncio.create_task(_write(performer, write))] = number
                return [settled]
            case Settle():
                return [await land(0)]
        return await performer.perform_async(calls)

    try:
        return (await run_async([flow], perform))[0]
    except BaseException as error:
        if isinstance(error, asyncio.CancelledError):
            for task in flying:
                task.cancel()
        await asyncio.gather(*flying, return_exceptions=True)
        with suppress(EngineError):
            letters.close()
        raise


async def _write(performer: Performer, write: Write) -> list[Any]:
    return await performer.perform_async([write])


def _taken(flying: dict[Any, int]) -> list[Settled]:
    """What has ended, and is not in flight any more."""
    ended = [flight for flight in flying if flight.done()]
    return [
        Settled(flying.pop(flight), flight.exception() or flight.result()[0]) for flight in ended
    ]
