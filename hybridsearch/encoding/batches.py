"""Which texts are encoded together, and when: equal texts once, like lengths side by side."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.errors import ConfigurationError

__all__ = ["BATCH_ROWS", "batches", "distinct", "one_ahead"]

T = TypeVar("T")

BATCH_ROWS: Final = 256
"""Most texts in a batch, however short they are."""


def distinct(texts: Sequence[str]) -> tuple[list[str], NDArray[np.int64]]:
    """The different texts in order of first appearance, and for each text which of them it is."""
    numbers: dict[str, int] = {}
    which = [numbers.setdefault(text, len(numbers)) for text in texts]
    return list(numbers), np.array(which, dtype=np.int64)


def batches(
    lengths: Sequence[int], batch_tokens: int, batch_rows: int = BATCH_ROWS
) -> list[NDArray[np.int64]]:
    """Positions batch by batch, longest texts first, so that padding is little.

    A batch's rows times its longest text stay within `batch_tokens`, except that a text longer
    than that makes a batch of its own. Every position appears once.
    """
    if batch_tokens < 1 or batch_rows < 1:
        raise ConfigurationError(
            f"a batch needs room: batch_tokens={batch_tokens} and batch_rows={batch_rows} "
            "must both be above 0."
        )
    order = np.argsort(-np.asarray(lengths, dtype=np.int64), kind="stable")
    cut: list[NDArray[np.int64]] = []
    start = 0
    while start < len(order):
        longest = max(1, lengths[order[start]])
        rows = max(1, min(batch_rows, batch_tokens // longest))
        cut.append(order[start : start + rows])
        start += rows
    return cut


def one_ahead(started: Iterator[T]) -> Iterator[T]:
    """The same items, each handed on when the next has been started too."""
    waiting: deque[T] = deque()
    for item in started:
        waiting.append(item)
        if len(waiting) > 1:
            yield waiting.popleft()
    yield from waiting
