"""Blocks of searches, one after the other or many at once, and what they cost on both sides."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial

from cluster_place import Place
from cluster_searches import AsyncSearch, Search
from data import Query, say
from timing import Sample, table


@dataclass(frozen=True)
class Ran:
    """A block: each search's milliseconds, the block's seconds, the client's CPU in all."""

    milliseconds: list[float]
    seconds: float
    client_ms: float


Block = Callable[[range], Ran]
WARM = 3


@dataclass
class Load:
    """What one case cost, by round: latencies, searches a second, CPU milliseconds a search."""

    sample: Sample = field(default_factory=Sample)
    rates: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    def add(self, ran: Ran, server_ms: float | None) -> None:
        """One round more."""
        count = len(ran.milliseconds)
        self.sample.rounds.append(ran.milliseconds)
        self.rates.append(count / ran.seconds)
        self.client.append(ran.client_ms / count)
        if server_ms is not None:
            self.server.append(server_ms / count)

    def of(self, other: Load) -> float:
        """This case's median against another's, by round; the median of that."""
        pairs = zip(self.sample.rounds, other.sample.rounds, strict=True)
        return statistics.median(statistics.median(a) / statistics.median(b) for a, b in pairs)

    def faster(self, other: Load) -> float:
        """This case's searches a second against another's, by round; the median of that."""
        pairs = zip(self.rates, other.rates, strict=True)
        return statistics.median(mine / theirs for mine, theirs in pairs)

    @property
    def costs(self) -> list[str]:
        """p50, p95, CPU of the client and of the server, in milliseconds."""
        server = f"{statistics.mean(self.server):.2f}" if self.server else "–"
        return [
            f"{self.sample.percentile(50):.2f}",
            f"{self.sample.percentile(95):.2f}",
            f"{statistics.mean(self.client):.2f}",
            server,
        ]


def one_by_one(search: Search, asked: Sequence[Query]) -> Block:
    """Each search when the one before has ended."""

    def block(numbers: range) -> Ran:
        begin, cpu = time.perf_counter(), time.process_time()
        measured = [_timed(search, asked[number % len(asked)]) for number in numbers]
        return _ran(measured, begin, cpu)

    return block


def at_once(search: Search, asked: Sequence[Query], pool: ThreadPoolExecutor) -> Block:
    """As many searches at a time as the pool has threads."""

    def block(numbers: range) -> Ran:
        queries = [asked[number % len(asked)] for number in numbers]
        begin, cpu = time.perf_counter(), time.process_time()
        measured = list(pool.map(partial(_timed, search), queries))
        return _ran(measured, begin, cpu)

    return block


def awaited(
    search: AsyncSearch, asked: Sequence[Query], runner: asyncio.Runner, most: int
) -> Block:
    """At most so many searches at a time in one event loop."""

    async def all_of(queries: Sequence[Query]) -> list[float]:
        room = asyncio.Semaphore(most)

        async def one(query: Query) -> float:
            async with room:
                begin = time.perf_counter()
                await search(query)
                return (time.perf_counter() - begin) * 1e3

        return await asyncio.gather(*(one(query) for query in queries))

    def block(numbers: range) -> Ran:
        queries = [asked[number % len(asked)] for number in numbers]
        begin, cpu = time.perf_counter(), time.process_time()
        measured = runner.run(all_of(queries))
        return _ran(measured, begin, cpu)

    return block


def interleaved(
    blocks: Mapping[str, Block], place: Place, *, rounds: int, calls: int
) -> dict[str, Load]:
    """Every block once a round, in turn, after `WARM` rounds that do not count: servers compile
    what they do often.

    Each round begins with another block, so that none always follows the same one.
    """
    loads = {name: Load() for name in blocks}
    names = list(blocks)
    for round in range(WARM + rounds):
        first = round % len(names)
        numbers = range(round * calls, (round + 1) * calls)
        for name in names[first:] + names[:first]:
            before = place.cpu_ms()
            ran = blocks[name](numbers)
            after = place.cpu_ms()
            if round >= WARM:
                spent = None if before is None or after is None else after - before
                loads[name].add(ran, spent)
        counted = round + 1 - WARM
        say(f"  round {counted} of {rounds}" if counted > 0 else "  warming up")
    return loads


def latency_table(loads: Mapping[str, Load], bare: str, raw: str | None = None) -> str:
    """The costs of each case, and its median against those of one or two of them."""
    head = ["ms a search", "p50", "p95", "client CPU", "server CPU", "of bare"]
    rows = []
    for name, load in loads.items():
        row = [name, *load.costs, f"{load.of(loads[bare]):.2f}"]
        if raw is not None:
            row.append(f"{load.of(loads[raw]):.2f}")
        rows.append(row)
    return table(head if raw is None else [*head, "of fastest form"], rows)


def rate_table(loads: Mapping[str, Load], base: Mapping[str, str]) -> str:
    """Searches a second of each case, and against the case that `base` names for it."""
    head = ["", "searches/s", "best round", "p50", "p95", "client CPU", "server CPU", "of bare"]
    rows = [
        [
            name,
            f"{statistics.median(load.rates):.0f}",
            f"{max(load.rates):.0f}",
            *load.costs,
            f"{load.faster(loads[base[name]]):.2f}",
        ]
        for name, load in loads.items()
    ]
    return table(head, rows)


def _timed(search: Search, query: Query) -> float:
    begin = time.perf_counter()
    search(query)
    return (time.perf_counter() - begin) * 1e3


def _ran(measured: list[float], begin: float, cpu: float) -> Ran:
    spent = (time.process_time() - cpu) * 1e3
    return Ran(measured, time.perf_counter() - begin, spent)
