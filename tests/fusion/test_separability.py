"""The promise of `separable`: a missing score moves its own candidate only, and only upwards."""

from __future__ import annotations

import numpy as np
import pytest
from hidden_scores import HiddenScores, fusions, hidden_scores
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from hybridsearch.fusion.bounds import openness
from hybridsearch.fusion.comb import CombMnz, CombSum
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.means import GeometricMean, HarmonicMean, Mean
from hybridsearch.fusion.order_statistics import Max, Median, Min
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.table import Column, ScoreTable

LEXICAL_AND_DENSE = (Column.lexical(), Column.dense())
ROUNDING = 1e-12  # arctan need not round monotonically


@given(st.data(), hidden_scores(), st.integers(1, 6))
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.filter_too_much])
def test_a_missing_score_lifts_its_own_candidate_only(
    data: st.DataObject, hidden: HiddenScores, window: int
) -> None:
    fusion = data.draw(fusions(hidden.columns, asking=True))
    table = hidden.candidacy(window).table
    assume(fusion.separable(table))
    listed = (table.ranks > 0).any(axis=0)
    cells = np.argwhere(~table.scored & listed)
    assume(len(cells))
    row, position = cells[data.draw(st.integers(0, len(cells) - 1))]
    worst = float(np.nanmin(table.scores[:, position]))
    low = data.draw(st.floats(table.columns[position].minimum, worst))
    high = data.draw(st.floats(low, worst))

    fused = []
    for score in (low, high):
        scores = table.scores.copy()
        scores[row, position] = score
        fused.append(fusion.fuse(table.with_scores(scores)).scores)

    others = np.arange(len(table.scores)) != row
    assert fused[0][others].tolist() == fused[1][others].tolist()
    assert fused[1][row] >= fused[0][row] - ROUNDING


@pytest.mark.parametrize("kind", [Convex, CombSum, Mean, Max, Min, Median])
@pytest.mark.parametrize(
    ("normalise", "expected"),
    [
        ("none", True),
        ("theoretical-min-max", True),
        ("max", True),
        ("arctan", True),
        ("arctan(scale=5)", True),
        ("rank", True),
        ("min-max", False),
        ("sum", False),
        ("z-score", False),
        ("l2", False),
        ("dbsf", False),
    ],
)
def test_bounds_hold_where_the_normalisation_looks_at_the_best_score_at_most(
    kind: type[Convex], normalise: str, expected: bool
) -> None:
    table = ScoreTable(LEXICAL_AND_DENSE, np.array([[1.0, 0.5]]), np.array([[1, 1]]))
    assert kind(normalise=normalise).separable(table) is expected


@pytest.mark.parametrize("kind", [CombMnz, GeometricMean, HarmonicMean])
def test_fusions_that_a_further_score_can_lower_are_not_bounded(kind: type[CombMnz]) -> None:
    table = ScoreTable(LEXICAL_AND_DENSE, np.array([[1.0, 0.5]]), np.array([[1, 1]]))
    assert not kind(normalise="none").separable(table)


@pytest.mark.parametrize("kind", [GeometricMean, HarmonicMean])
def test_a_further_score_lowers_means_over_the_scores_above_zero(kind: type[CombMnz]) -> None:
    columns = (Column.lexical("a"), Column.lexical("b"))
    fusion: Fusion = kind(normalise="none")
    without, with_it = (
        fusion.fuse(ScoreTable(columns, np.array([[4.0, further]]), np.array([[1, 0]]))).scores[0]
        for further in (0.0, 1.0)
    )
    assert with_it < without


def test_ranks_ask_for_the_scores_of_the_best_only() -> None:
    """No score changes a rank; the hits' ledgers are complete all the same."""
    lexical = [[9.0 - n, np.nan] for n in range(4)]
    dense = [[np.nan, 0.9 - n / 10] for n in range(4)]
    ranks = [[n, 0] for n in range(1, 5)] + [[0, n] for n in range(1, 5)]
    table = ScoreTable(LEXICAL_AND_DENSE, np.array(lexical + dense), np.array(ranks))
    fusion = Convex(dense=0.5, normalise="rank")
    opened = openness(table, np.array([False, False]), fusion, 1)
    assert np.argwhere(opened.cells).tolist() == [[0, 1], [4, 0]]


def test_the_top_none_ask_for_nothing() -> None:
    table = ScoreTable(LEXICAL_AND_DENSE, np.array([[1.0, np.nan]]), np.array([[1, 0]]))
    opened = openness(table, np.array([False, False]), Convex(), 0)
    assert not opened.cells.any()
    assert not opened.reach.any()


def test_a_score_below_the_theoretical_minimum_does_not_lose_its_candidate() -> None:
    """Single precision gives cosines a rounding below -1."""
    scores = np.array([[5.0, -1.0000001], [4.0, np.nan], [3.0, np.nan]])
    table = ScoreTable(LEXICAL_AND_DENSE, scores, np.array([[1, 1], [2, 0], [3, 0]]))
    for normalise in ("none", "theoretical-min-max"):
        opened = openness(table, np.array([True, False]), Convex(normalise=normalise), 2)
        rows = np.argsort(-Convex(normalise=normalise).fuse(opened.table).scores)[:2]
        assert opened.reach[rows].all()
    fused = Convex(dense=1).fuse(table)
    assert (fused.normalised >= 0).all()
