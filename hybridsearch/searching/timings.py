"""Milliseconds by step of a search."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

STEPS = ("encode", "retrieve", "complete", "fuse", "fetch")


class Timings:
    """A stopwatch a step; in a batch of searches, a step's time is that of the whole batch."""

    def __init__(self) -> None:
        self._milliseconds = dict.fromkeys(STEPS, 0.0)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of the block to a step."""
        begin = time.perf_counter()
        try:
            yield
        finally:
            self._milliseconds[name] += (time.perf_counter() - begin) * 1e3

    def move(self, milliseconds: float, *, source: str, to: str) -> None:
        """Give part of one step's time to another: a trip that served both."""
        part = min(milliseconds, self._milliseconds[source])
        self._milliseconds[source] -= part
        self._milliseconds[to] += part

    def rounded(self) -> Mapping[str, float]:
        """The steps in their order, to the microsecond."""
        return {name: round(value, 3) for name, value in self._milliseconds.items()}
