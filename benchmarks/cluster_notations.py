"""Documents sent in JSON and in SMILE: what loading them costs, and reading them ever after."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial

from cluster_loading import make_index, timed
from cluster_place import Place
from data import Passages, Query, say
from timing import interleaved, table

from hybridsearch import HybridIndex

LOADS = 3
SCANS = 3


@dataclass
class Cost:
    """Client CPU milliseconds and seconds by load; seconds by scan, with vectors and without."""

    client: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    scans: list[float] = field(default_factory=list)
    whole: list[float] = field(default_factory=list)


def notations(place: Place, given: Passages, asked: list[Query], rounds: int, calls: int) -> str:
    """One table: the two take turns with every step."""
    names = {"JSON": "benchmark-json", "SMILE": "benchmark-smile"}
    costs = {kind: Cost() for kind in names}
    with ExitStack() as left:
        for round in range(1 + LOADS):
            for kind, name in names.items():
                say(f"  loading in {kind}")
                place.http().ask("DELETE", f"/{name}?ignore_unavailable=true")
                make_index(place, name)
                seconds, client = timed(partial(_load, kind))(place, given, name)
                if round:  # the first warms up
                    costs[kind].client.append(client)
                    costs[kind].seconds.append(seconds)
        for name in names.values():
            place.http().ask("POST", f"/{name}/_forcemerge?max_num_segments=1")
            place.http().ask("POST", f"/{name}/_refresh")
        opened = {
            kind: left.enter_context(_opened(place, kind, name)) for kind, name in names.items()
        }
        sizes = {kind: _size(place, name) for kind, name in names.items()}
        searches = interleaved(
            {kind: _searching(index, asked) for kind, index in opened.items()},
            rounds=rounds,
            calls=calls,
        )
        _scan(opened, costs)
    rows = []
    for kind, cost in costs.items():
        loads, client, scans, whole = (
            statistics.median(measured)
            for measured in (cost.seconds, cost.client, cost.scans, cost.whole)
        )
        count = len(given)
        rows.append(
            [
                kind,
                f"{count / loads:,.0f}",
                f"{client / count * 1e3:.0f}",
                f"{sizes[kind] / 1e6:.0f}",
                f"{searches[kind].percentile(50):.2f}",
                f"{count / scans:,.0f}",
                f"{count / whole:,.0f}",
            ]
        )
    head = ["", "loaded/s", "client CPU µs", "MB on disk", "search ms p50", "scanned/s"]
    return table([*head, "scanned/s, with vectors"], rows)


def _opened(place: Place, kind: str, name: str) -> HybridIndex:
    return HybridIndex.open(place.target(name), connection={"binary": kind == "SMILE"})


def _load(kind: str, place: Place, given: Passages, name: str) -> None:
    with _opened(place, kind, name) as index:
        index.add(given.documents())


def _size(place: Place, name: str) -> int:
    stats = place.http().ask("GET", f"/{name}/_stats/store")
    return int(stats["_all"]["total"]["store"]["size_in_bytes"])


def _searching(index: HybridIndex, asked: list[Query]) -> Callable[[int], None]:
    def search(number: int) -> None:
        query = asked[number % len(asked)]
        index.search(query.text, vector=query.vector, k=10)

    return search


def _scan(opened: Mapping[str, HybridIndex], costs: Mapping[str, Cost]) -> None:
    for _ in range(SCANS):
        for kind, index in opened.items():
            for vectors, into in ((False, costs[kind].scans), (True, costs[kind].whole)):
                say(f"  scanning {kind}")
                began = time.perf_counter()
                for _document in index.scan(vectors=vectors):
                    pass
                into.append(time.perf_counter() - began)
