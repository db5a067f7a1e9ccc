"""Each normalisation: its formula, its degenerate cases, and what it does to order."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hidden_scores import NORMALISATIONS
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.normalise import check_normalisation, normalisation, unmoved
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Column, Floats, ScoreTable

LEXICAL = Column.lexical()
DENSE = Column.dense()
BY_SCORE = [name for name in NORMALISATIONS if name != "rank"]
DEVIATION = math.sqrt(2 / 3)  # of 1, 2, 3


def apply(name: str, scores: list[float], column: Column = LEXICAL) -> Floats:
    array = np.array(scores, dtype=np.float64)
    return normalisation(name)(array, column)(array)


@pytest.mark.parametrize(
    ("name", "column", "scores", "expected"),
    [
        ("none", LEXICAL, [3, 1], [3, 1]),
        ("min-max", LEXICAL, [0.9, 0.7, 0.1], [1, 0.75, 0]),
        ("min-max", LEXICAL, [0.5, 0.2], [1, 0]),
        ("min-max", DENSE, [-0.2, -0.6, -1], [1, 0.5, 0]),
        ("theoretical-min-max", LEXICAL, [8, 4, 2], [1, 0.5, 0.25]),
        ("theoretical-min-max", DENSE, [0.5, 0.2, -1], [1, 0.8, 0]),
        ("max", LEXICAL, [8, 4, 2], [1, 0.5, 0.25]),
        ("max", DENSE, [-0.5, -1], [-1, -2]),
        ("sum", LEXICAL, [4, 2, 1], [0.75, 0.25, 0]),
        ("z-score", LEXICAL, [1, 2, 3], [-1 / DEVIATION, 0, 1 / DEVIATION]),
        ("l2", LEXICAL, [3, 4], [0.6, 0.8]),
        ("dbsf", LEXICAL, [1, 2, 3], [0.5 - 1 / DEVIATION / 6, 0.5, 0.5 + 1 / DEVIATION / 6]),
        ("arctan", LEXICAL, [0, 1], [0, 0.5]),
        ("arctan(scale=4)", LEXICAL, [0, 4], [0, 0.5]),
    ],
)
def test_formula(name: str, column: Column, scores: list[float], expected: list[float]) -> None:
    assert apply(name, scores, column) == pytest.approx(np.array(expected, dtype=np.float64))


@pytest.mark.parametrize(
    ("name", "column", "scores", "expected"),
    [
        ("min-max", LEXICAL, [2, 2, 2], [1, 1, 1]),
        ("theoretical-min-max", LEXICAL, [0, 0], [0, 0]),
        ("theoretical-min-max", DENSE, [-1, -1], [0, 0]),
        ("max", LEXICAL, [0, 0], [0, 0]),
        ("max", DENSE, [0, -1], [0, 0]),
        ("sum", LEXICAL, [2, 2, 2, 2], [0.25] * 4),
        ("z-score", LEXICAL, [2, 2], [0, 0]),
        ("l2", LEXICAL, [0, 0], [0, 0]),
        ("dbsf", LEXICAL, [2, 2], [0.5, 0.5]),
    ],
)
def test_equal_scores(
    name: str, column: Column, scores: list[float], expected: list[float]
) -> None:
    assert apply(name, scores, column).tolist() == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("min-max", 1),
        ("theoretical-min-max", 1),
        ("max", 1),
        ("sum", 1),
        ("z-score", 0),
        ("l2", 1),
        ("dbsf", 0.5),
    ],
)
def test_lone_hit(name: str, expected: float) -> None:
    assert apply(name, [7.25]).tolist() == [expected]


def test_lone_hit_normalises_to_one_by_rank() -> None:
    table = ScoreTable((LEXICAL,), np.array([[7.25]]), np.array([[1]]))
    assert normalised(table, "rank", "ignore").tolist() == [[1.0]]


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e-9, 0.7])
@pytest.mark.parametrize("count", [3, 7, 1000])
def test_equal_scores_do_not_become_noise(value: float, count: int) -> None:
    """The mean of equal numbers may differ from them in the last bit."""
    assert apply("z-score", [value] * count).tolist() == [0.0] * count
    assert apply("dbsf", [value] * count).tolist() == [0.5] * count


def test_distribution_based_is_clipped() -> None:
    scores = [0.0] * 99 + [1000.0]
    assert apply("dbsf", scores).max() == 1.0


def test_rank_counts_down_over_the_lists_own_length() -> None:
    table = ScoreTable(
        (LEXICAL, DENSE),
        np.array([[9, 0.5], [5, np.nan], [3, np.nan], [1, 0.9]]),
        np.array([[1, 2], [2, 0], [3, 0], [4, 1]]),
    )
    expected = [[1, 0.5], [0.75, 0], [0.5, 0], [0.25, 1]]
    assert normalised(table, "rank", "minimum").tolist() == expected
    assert np.isnan(normalised(table, "rank", "ignore")[1:3, 1]).all()


def test_the_worst_hit_is_not_taken_for_one_never_retrieved() -> None:
    """By theoretical minimum: the last hit of a list stays above a candidate missing from it."""
    table = ScoreTable((LEXICAL,), np.array([[5.0], [2.0], [np.nan]]), np.array([[1], [2], [0]]))
    scores = normalised(table, "theoretical-min-max", "minimum")[:, 0]
    assert scores.tolist() == [1, 0.4, 0]


scores = st.lists(st.integers(-64, 64).map(lambda n: n / 64), min_size=1, max_size=30)


@given(scores, st.sampled_from(BY_SCORE))
def test_order_is_kept(values: list[float], name: str) -> None:
    result = apply(name, values, DENSE)
    assert np.isfinite(result).all()
    order = np.argsort(values, kind="stable")
    assert (np.diff(result[order]) >= 0).all()


@given(scores, st.sampled_from(["min-max", "theoretical-min-max", "sum", "dbsf"]))
def test_bounded_normalisations_stay_between_0_and_1(values: list[float], name: str) -> None:
    result = apply(name, values, DENSE)
    assert (result >= 0).all()
    assert (result <= 1).all()


@given(scores, st.sampled_from(BY_SCORE))
def test_filled_cells_stay_at_or_below_the_worst_scored_one(values: list[float], name: str) -> None:
    scored = np.array(values)
    fitted = normalisation(name)(scored, DENSE)
    assert fitted(np.array([DENSE.minimum]))[0] <= fitted(scored).min()


@given(scores, st.integers(-64, 64), st.sampled_from([n for n in BY_SCORE if unmoved(n)]))
def test_unmoved_normalisations_ignore_scores_below_the_best(
    values: list[float], added: int, name: str
) -> None:
    extra = min(*values, added / 64)
    before = normalisation(name)(np.array(values), DENSE)
    after = normalisation(name)(np.array([*values, extra]), DENSE)
    assert before(np.array(values)).tolist() == after(np.array(values)).tolist()


@given(scores)
def test_min_max_reaches_both_ends(values: list[float]) -> None:
    result = apply("min-max", values, DENSE)
    assert result.max() == 1
    assert result.min() == (0 if len(set(values)) > 1 else 1)


@given(scores.filter(lambda values: len(set(values)) > 1))
def test_z_scores_have_mean_zero_and_deviation_one(values: list[float]) -> None:
    result = apply("z-score", values, DENSE)
    assert float(result.mean()) == pytest.approx(0, abs=1e-9)
    assert float(result.std()) == pytest.approx(1)


@given(st.floats(0, 1e300), st.floats(5e-324, 1e300))
def test_arctan_takes_any_scale(value: float, scale: float) -> None:
    result = normalisation(f"arctan(scale={scale!r})")(np.array([value]), LEXICAL)
    assert 0 <= result(np.array([value]))[0] <= 1


def test_a_retriever_without_candidates_normalises_to_nothing() -> None:
    table = ScoreTable(
        (LEXICAL, DENSE), np.array([[np.nan, 0.5]]), np.array([[0, 1]], dtype=np.int64)
    )
    for name in BY_SCORE:
        assert normalised(table, name, "minimum")[0, 0] == 0
        assert np.isnan(normalised(table, name, "ignore")[0, 0])


@pytest.mark.parametrize("name", BY_SCORE)
@pytest.mark.parametrize("missing", ["ignore", "minimum", "worst", "complete"])
def test_empty_tables_normalise_to_empty_tables(name: str, missing: str) -> None:
    table = ScoreTable((LEXICAL,), np.empty((0, 1)), np.empty((0, 1), dtype=np.int64))
    assert normalised(table, name, missing).shape == (0, 1)  # type: ignore[arg-type]


def test_unknown_normalisations_name_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'min-max'"):
        check_normalisation("minmax")
    with pytest.raises(ConfigurationError, match="must be a name"):
        check_normalisation(3)


@pytest.mark.parametrize("scale", ["0", "-1", "1e999", "e", "1.2.3", "--"])
def test_arctan_refuses_scales_that_are_no_positive_numbers(scale: str) -> None:
    with pytest.raises(ConfigurationError, match="arctan"):
        check_normalisation(f"arctan(scale={scale})")
