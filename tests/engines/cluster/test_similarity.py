"""The servers' scores of vectors become dot products, on every scale that they have."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.cluster.similarity import Scale, dot_products, slope

SCALES: tuple[Scale, ...] = ("halved", "shifted", "distance")


def scored(dot: float, scale: Scale) -> float:
    """As the products say it."""
    return {
        "halved": (1 + dot) / 2,
        "shifted": 1 + dot if dot >= 0 else 1 / (1 - dot),
        "distance": 1 / (1 + (2 - 2 * dot)),
    }[scale]


@pytest.mark.parametrize("scale", SCALES)
@given(dot=st.floats(-1, 1))
def test_scores_become_the_dot_product(scale: Scale, dot: float) -> None:
    scores = np.array([scored(dot, scale)])
    assert dot_products(scores, scale) == pytest.approx([dot], abs=1e-9)


@pytest.mark.parametrize("scale", SCALES)
def test_a_slope_is_about_how_much_a_score_rises(scale: Scale) -> None:
    risen = scored(0.6, scale) - scored(0.4, scale)
    assert slope(scale) == pytest.approx(risen / 0.2, rel=0.05)
