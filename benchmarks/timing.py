"""Timing: interleaved rounds of several cases, medians and percentiles, Markdown tables."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from data import say


@dataclass
class Sample:
    """The milliseconds of one case, by round."""

    rounds: list[list[float]] = field(default_factory=list)

    @property
    def all(self) -> list[float]:
        """Every measurement."""
        return [value for one in self.rounds for value in one]

    def percentile(self, share: float) -> float:
        """A percentile of every measurement."""
        return float(np.percentile(self.all, share))

    @property
    def best(self) -> float:
        """The lowest median of a round: what the machine does when nobody else uses it."""
        return min(statistics.median(one) for one in self.rounds)


def interleaved(
    cases: Mapping[str, Callable[[int], object]], *, rounds: int, calls: int
) -> dict[str, Sample]:
    """Call every case `calls` times a round, the cases in turn, after a warm-up of a tenth.

    A case is called with a number that never comes again.
    """
    samples = {name: Sample() for name in cases}
    for round in range(-1, rounds):
        for name, case in cases.items():
            measured = []
            for call in range(calls if round >= 0 else max(calls // 10, 3)):
                number = (round + 1) * calls + call
                begin = time.perf_counter()
                case(number)
                measured.append((time.perf_counter() - begin) * 1e3)
            if round >= 0:
                samples[name].rounds.append(measured)
        if round >= 0:
            say(f"  round {round + 1} of {rounds}")
    return samples


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table; the first column is text, the others are numbers."""
    lines = [
        "| " + " | ".join(head) + " |",
        "|---" + "|---:" * (len(head) - 1) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
    ]
    return "\n".join(lines)


def latency_table(samples: Mapping[str, Sample]) -> str:
    """p50, p95 and the best round's median of each case, in milliseconds."""
    rows = [
        [name, f"{s.percentile(50):.2f}", f"{s.percentile(95):.2f}", f"{s.best:.2f}"]
        for name, s in samples.items()
    ]
    return table(["ms", "p50", "p95", "best round's p50"], rows)
