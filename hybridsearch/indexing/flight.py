"""Writes in flight: calls that start them and wait for them, and the order in which they count.

Several batches are on their way at once and may end in any order. They count in the order of the
source, so that at any moment everything before a certain record is settled and nothing after it
has been counted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from hybridsearch.engines.calls import Write, Written
from hybridsearch.indexing.batch import Batch


@dataclass(frozen=True, slots=True, eq=False)
class Send:
    """Start a write, once fewer are in flight than the engine likes at a time.

    The reply, like that of Settle, is all Settled that have not been told yet.
    """

    number: int
    write: Write


@dataclass(frozen=True, slots=True)
class Settle:
    """Wait until no write is in flight."""


@dataclass(frozen=True, slots=True, eq=False)
class Settled:
    """A write that has ended, by its number, or the error that it ended with."""

    number: int
    outcome: Written | Exception


MOST_WAITING: Final = 16


class Flight:
    """Batches that have been sent and do not count yet."""

    def __init__(self) -> None:
        self._batches: dict[int, Batch] = {}
        self._written: dict[int, Written] = {}

    def board(self, batch: Batch) -> None:
        """The batch is sent next."""
        self._batches[batch.number] = batch

    @property
    def is_full(self) -> bool:
        """Whether too many wait for one that takes its time."""
        return len(self._batches) >= MOST_WAITING

    def holds_up(self, ids: Collection[str]) -> bool:
        """Whether one of these is on its way, since of two at once the older may come last."""
        return any(
            not sent.documents.ids.isdisjoint(ids)
            for number, sent in self._batches.items()
            if number not in self._written
        )

    def batch(self, number: int) -> Batch:
        """One of those that have been sent."""
        return self._batches[number]

    def arrive(self, number: int, written: Written) -> None:
        """A batch is in the index."""
        self._written[number] = written

    def land(self) -> Iterator[tuple[Batch, Written]]:
        """The batches that count now, in their order."""
        while self._batches and (number := next(iter(self._batches))) in self._written:
            batch, written = self._batches.pop(number), self._written.pop(number)
            batch.settle(written)
            yield batch, written
