"""The best candidates: by falling score, ties by id."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.fusion.top import top


@given(
    st.dictionaries(
        st.text(max_size=3), st.integers(-3, 3).map(lambda n: n / 2) | st.floats(-9, 9), max_size=40
    ),
    st.integers(0, 50),
)
def test_top_is_the_beginning_of_everything_sorted(scores: dict[str, float], k: int) -> None:
    ids = list(scores)
    rows = top(np.array(list(scores.values()), dtype=np.float64), ids, k)
    assert rows.dtype == np.int64
    expected = sorted(ids, key=lambda name: (-scores[name], name))[:k]
    assert [ids[row] for row in rows] == expected


def test_pages_of_ties_do_not_overlap() -> None:
    ids = [f"d{number}" for number in (3, 1, 4, 0, 2)]
    scores = np.full(5, 0.5)
    pages = [top(scores, ids, end)[end - 2 :].tolist() for end in (2, 4, 6)]
    assert [ids[row] for page in pages for row in page] == ["d0", "d1", "d2", "d3", "d4"]


@pytest.mark.parametrize("k", [0, 1, 5])
def test_nothing_in_nothing_out(k: int) -> None:
    assert top(np.empty(0), [], k).tolist() == []


def test_minus_zero_ties_with_zero() -> None:
    assert top(np.array([0.0, -0.0, 0.0]), ["c", "a", "b"], 2).tolist() == [1, 2]
