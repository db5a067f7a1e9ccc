"""The parts of the measurement on a server: latency, threads, shards, rivals, three nodes."""

from __future__ import annotations

import asyncio
import statistics
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

from cluster_indices import HAYSTACK, Layout, build_hybrid, build_plain
from cluster_load import (
    Block,
    Load,
    at_once,
    awaited,
    interleaved,
    latency_table,
    one_by_one,
    rate_table,
)
from cluster_place import Place
from cluster_searches import (
    BARE,
    DEFAULT,
    OPTIONS,
    RANKS,
    RAW,
    Search,
    bare,
    bare_async,
    hybrid,
    hybrid_async,
    native,
    raw,
)
from data import Passages, Query, say
from rival_process import RivalUnavailableError, rival
from timing import table

WORKERS = (1, 8)
SHARDS = (1, 3)
# Whether scores were completed, and whether documents were fetched after that.
_TRIPS = ((False, False), (True, False), (False, True), (True, True))


@dataclass(frozen=True, eq=False)
class Bench:
    """Everything that the parts share; what: the passages, in words; `built` keeps the names of the
    indices that are there."""

    place: Place
    given: Passages
    asked: list[Query]
    rounds: int
    calls: int
    what: str
    built: dict[tuple[str, Layout], str]

    def hybrid_index(self, layout: Layout) -> str:
        """The index of this layout that hybridsearch made."""
        if ("hybrid", layout) not in self.built:
            self.built["hybrid", layout] = build_hybrid(self.place, self.given, layout)
        return self.built["hybrid", layout]

    def plain_index(self, layout: Layout) -> str:
        """The plain index of this layout."""
        if ("plain", layout) not in self.built:
            self.built["plain", layout] = build_plain(self.place, self.given, layout)
        return self.built["plain", layout]

    def measure(self, blocks: Mapping[str, Block]) -> dict[str, Load]:
        """All blocks, interleaved."""
        return interleaved(blocks, self.place, rounds=self.rounds, calls=self.calls)

    def each(self, searches: Mapping[str, Search]) -> dict[str, Block]:
        """Searches one by one."""
        return {name: one_by_one(search, self.asked) for name, search in searches.items()}


def latency(bench: Bench) -> str:
    """One search at a time: what hybridsearch adds to its requests, and what it saves by them."""
    say("  latency")
    with ExitStack() as left:
        searches = _searches(bench, Layout(), left)
        loads = bench.measure(bench.each(searches))
        account = _account(searches, bench.asked)
        same = _agreement(searches[RAW], searches[RANKS], bench.asked[:50])
    note = (
        f"The ten best of `{RAW}`, blended by ranks, and of hybridsearch by ranks agree to "
        f"{same:.1%}."
    )
    return "\n\n".join([latency_table(loads, BARE, RAW), account, note])


def threads(bench: Bench) -> str:
    """Searches a second, one and eight at a time, in threads and in an event loop."""
    say("  threads")
    blocks: dict[str, Block] = {}
    base = {}
    with ExitStack() as left:
        runner = left.enter_context(asyncio.Runner())
        searches = _searches(bench, Layout(), left)
        awaiting = {
            BARE: bare_async(bench.place, bench.plain_index(Layout()), left, runner),
            **hybrid_async(bench.place, bench.hybrid_index(Layout()), left, runner),
        }
        for workers in WORKERS:
            pool = left.enter_context(ThreadPoolExecutor(workers))
            many = f"{workers} thread{'s' if workers > 1 else ''}"
            for name, search in searches.items():
                blocks[f"{name}; {many}"] = at_once(search, bench.asked, pool)
                base[f"{name}; {many}"] = f"{BARE}; {many}"
        for workers in WORKERS:
            for name, search in awaiting.items():
                blocks[f"{name}; async, {workers}"] = awaited(search, bench.asked, runner, workers)
                base[f"{name}; async, {workers}"] = f"{BARE}; async, {workers}"
        loads = bench.measure(blocks)
    return rate_table(loads, base)


def shards(bench: Bench) -> str:
    """The same index cut into shards, and BM25 with statistics of all of them."""
    say("  shards")
    blocks: dict[str, Block] = {}
    with ExitStack() as left:
        for count in SHARDS:
            layout = Layout(shards=count)
            many = f"{count} shard{'s' if count > 1 else ''}"
            for name, search in _searches(bench, layout, left).items():
                blocks[f"{name}; {many}"] = one_by_one(search, bench.asked)
            if count > 1:
                index = bench.hybrid_index(layout)
                settings = {"dfs": True}
                found = hybrid(bench.place, index, left, settings=settings)
                blocks[f"{DEFAULT}; {many}, `dfs`"] = one_by_one(found[DEFAULT], bench.asked)
        loads = bench.measure(blocks)
    return latency_table(loads, f"{BARE}; 1 shard")


def rivals(bench: Bench, python: str | None) -> str:
    """Other libraries' hybrid searches of the same passages."""
    say("  rivals")
    notes = []
    with ExitStack() as left:
        searches = _searches(bench, Layout(), left)
        plain = bench.plain_index(Layout())
        if bench.place.product == "opensearch":
            if "opensearch-neural-search" in bench.place.plugins():
                searches.update(native(bench.place, plain, left))
            else:
                notes.append("The server has no `hybrid` query: it was left out.")
        blocks = bench.each(searches)
        if bench.place.product == "elasticsearch":
            indices = {"langchain": plain}
            if python is None:
                notes.append("Other libraries were left out: no `--rivals-python` was given.")
            else:
                own = build_plain(bench.place, bench.given, Layout(), HAYSTACK)
                indices["haystack"] = own
            for library, index in indices.items() if python else ():
                try:
                    name, block = left.enter_context(
                        rival(library, python or "", bench.place.urls[0], index, bench.asked)
                    )
                except RivalUnavailableError as error:
                    notes.append(str(error))
                    continue
                blocks[name] = block
        loads = bench.measure(blocks)
    return "\n\n".join([latency_table(loads, BARE), *notes])


def nodes(bench: Bench) -> str:
    """Three nodes on one machine, which compete for its cores: the cost of going among them."""
    say("  three nodes")
    layout = Layout(shards=3, replicas=1)
    with ExitStack() as left:
        searches = _searches(bench, layout, left)
        blocks = bench.each(searches)
        pool = left.enter_context(ThreadPoolExecutor(max(WORKERS)))
        base = {}
        for name, search in searches.items():
            many = f"{name}; {max(WORKERS)} threads"
            blocks[many] = at_once(search, bench.asked, pool)
            base[many] = f"{BARE}; {max(WORKERS)} threads"
        loads = bench.measure(blocks)
    single = {name: loads[name] for name in searches}
    return "\n\n".join(
        [
            latency_table(single, BARE, RAW),
            rate_table({name: loads[name] for name in base}, base),
        ]
    )


def _searches(bench: Bench, layout: Layout, left: ExitStack) -> dict[str, Search]:
    index = bench.hybrid_index(layout)
    return {
        BARE: bare(bench.place, bench.plain_index(layout), left),
        RAW: raw(bench.place, index, left),
        **hybrid(bench.place, index, left),
    }


def _account(searches: Mapping[str, Search], asked: list[Query]) -> str:
    """How much was completed, and how many trips that took."""
    rows = []
    for name in OPTIONS:
        answers = [searches[name](query) for query in asked]
        cells = [
            f"{statistics.mean(answer.completed[retriever] for answer in answers):.1f}"
            for retriever in ("lexical", "dense")
        ]
        scores = [answer.timings_ms["complete"] > 0 for answer in answers]
        documents = [answer.timings_ms["fetch"] > 0 for answer in answers]
        trips = Counter(zip(scores, documents, strict=True))
        shares = [f"{trips[kind] / len(answers):.0%}" for kind in _TRIPS]
        rows.append([name, *cells, *shares])
    trips_taken = ["one trip", "two, for scores", "two, for documents", "three"]
    return table(["", "lexical scores completed", "dense ones", *trips_taken], rows)


def _agreement(raw_search: Search, ranks: Search, asked: list[Query]) -> float:
    """The mean share of the ten best in common, the raw lists blended by reciprocal ranks."""
    shares = []
    for query in asked:
        blended: dict[str, float] = {}
        for hits in raw_search(query):
            for rank, (_, id) in enumerate(hits, start=1):
                blended[id] = blended.get(id, 0.0) + 1 / (60 + rank)
        best = sorted(blended, key=lambda found: (-blended[found], found))[:10]
        mine = [hit.id for hit in ranks(query).hits]
        shares.append(len({*best} & {*mine}) / len(mine))
    return statistics.mean(shares)
