"""Dot products that do not depend on what lies beside a row."""

from __future__ import annotations

import numpy as np
import pytest
from vectors import random_units

from hybridsearch.model.dots import dots


@pytest.mark.parametrize("dims", [1, 8, 768, 4096, 4097, 8193, 16_384])
def test_a_row_has_the_same_product_alone_and_among_others(dims: int) -> None:
    rows, others = random_units(40, dims=dims), random_units(40, dims=dims, seed=1)
    for whom in (others, rows, others[0]):
        among = dots(rows, whom)
        assert among.dtype == np.float32
        alone = [
            dots(rows[at : at + 1], whom[at : at + 1] if whom.ndim == 2 else whom)[0]
            for at in range(40)
        ]
        assert among.tobytes() == np.array(alone, np.float32).tobytes()
        exact = (rows.astype(np.float64) * whom).sum(axis=1)
        np.testing.assert_allclose(among, exact, atol=1e-6)


def test_of_no_rows() -> None:
    assert dots(np.zeros((0, 3), np.float32), np.zeros(3, np.float32)).shape == (0,)
    assert dots(np.zeros((2, 0), np.float32), np.zeros((2, 0), np.float32)).tolist() == [0, 0]
