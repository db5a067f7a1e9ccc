"""Batches hold every text once, within the budget, longest first."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.encoding.batches import batches, distinct, one_ahead
from hybridsearch.errors import ConfigurationError


@given(st.lists(st.integers(0, 600), max_size=80), st.integers(1, 2000), st.integers(1, 20))
def test_every_position_once_within_the_budget(
    lengths: list[int], batch_tokens: int, batch_rows: int
) -> None:
    cut = batches(lengths, batch_tokens, batch_rows)
    assert sorted(np.concatenate([*cut, np.zeros(0, np.int64)]).tolist()) == list(
        range(len(lengths))
    )
    for batch in cut:
        longest = max(lengths[position] for position in batch)
        assert len(batch) == 1 or len(batch) * longest <= batch_tokens
        assert len(batch) <= batch_rows
    heads = [lengths[batch[0]] for batch in cut]
    assert heads == sorted(heads, reverse=True)


@given(st.lists(st.text(max_size=2)))
def test_distinct_texts_give_the_texts_back(texts: list[str]) -> None:
    different, which = distinct(texts)
    assert len(set(different)) == len(different)
    assert [different[number] for number in which] == texts


def test_batches_need_room() -> None:
    with pytest.raises(ConfigurationError, match="batch_tokens=0"):
        batches([1], 0)


@given(st.integers(0, 6))
def test_each_is_handed_on_when_the_next_has_been_started(count: int) -> None:
    started: list[int] = []

    def start() -> Iterator[int]:
        for number in range(count):
            started.append(number)
            yield number

    handed_on = one_ahead(start())
    for number in range(count):
        assert next(handed_on) == number
        assert started == list(range(min(number + 2, count)))
    assert list(handed_on) == []
