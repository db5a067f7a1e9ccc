"""Fusions: microseconds for two lists of 1,000 candidates."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from data import say
from timing import table

from hybridsearch.engines.calls import Candidates
from hybridsearch.fusion.bounds import openness
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.settings import parse_fusion
from hybridsearch.fusion.table import Column
from hybridsearch.fusion.top import top
from hybridsearch.registry import names
from hybridsearch.searching.tabulate import tabulate

_LONG = 1_000
_SHARED = 300
_ROUNDS = 15
_CALLS = 40


def lists() -> tuple[Candidates, Candidates]:
    """Two lists of 1,000 that share 300 ids, with scores as BM25 and cosines have them."""
    draw = np.random.default_rng(5)
    shared = draw.permutation(2 * _LONG - _SHARED)
    lexical = [f"d{number}" for number in shared[:_LONG]]
    dense = [f"d{number}" for number in draw.permutation(shared[_LONG - _SHARED :])]
    return (
        Candidates(lexical, np.sort(draw.gamma(4.0, 3.0, _LONG))[::-1]),
        Candidates(dense, np.sort(draw.normal(0.4, 0.08, _LONG))[::-1]),
    )


def microseconds(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """The median over interleaved rounds of each call's mean time."""
    rounds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(_ROUNDS):
        for name, call in calls.items():
            call()
            begin = time.perf_counter()
            for _ in range(_CALLS):
                call()
            rounds[name].append((time.perf_counter() - begin) / _CALLS * 1e6)
    return {name: statistics.median(measured) for name, measured in rounds.items()}


def main() -> None:
    """Measure every fusion there is."""
    say("fusions")
    columns = (Column.lexical(), Column.dense())
    given = lists()
    candidacy = tabulate(columns, given, _LONG)
    alone: dict[str, Callable[[], object]] = {}
    whole: dict[str, Callable[[], object]] = {}
    bounds: dict[str, Callable[[], object]] = {}
    for name in names("fusions"):
        fusion = parse_fusion(name)

        def all_steps(fusion: Fusion = fusion) -> object:
            made = tabulate(columns, given, _LONG)
            return top(fusion.fuse(made.table).scores, made.ids, 10)

        alone[name] = partial(fusion.fuse, candidacy.table)
        bounds[name] = partial(openness, candidacy.table, candidacy.exhaustive, fusion, 10)
        whole[name] = all_steps
    times = [microseconds(calls) for calls in (alone, whole, bounds)]
    rows = [[name, *(f"{measured[name]:.0f}" for measured in times)] for name in alone]
    print("### Fusions: 2 lists of 1,000 candidates, 300 in both\n")
    print(table(["µs", "fuse", "tabulate, fuse, best 10", "which cells to complete"], rows))
    print()


if __name__ == "__main__":
    main()
