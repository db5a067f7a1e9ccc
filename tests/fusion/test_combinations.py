"""Each fusion: published figures, missing scores, contributions, and what must not matter."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hidden_scores import HiddenScores, fusions, hidden_scores
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.borda import Borda
from hybridsearch.fusion.comb import CombMnz, CombSum
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.dbsf import DistributionBased
from hybridsearch.fusion.isr import InverseSquareRank
from hybridsearch.fusion.means import GeometricMean, HarmonicMean, Mean
from hybridsearch.fusion.order_statistics import Max, Median, Min
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.rrf import ReciprocalRank
from hybridsearch.fusion.settings import parse_fusion
from hybridsearch.fusion.table import Column, ScoreTable
from hybridsearch.registry import BUILT_IN

NAN = np.nan
LEXICAL, DENSE = Column.lexical(), Column.dense()
THREE = (Column.lexical("a"), Column.lexical("b"), Column.lexical("c"))


def table(
    rows: list[list[float]],
    columns: tuple[Column, ...] = (LEXICAL, DENSE),
    ranks: list[list[int]] | None = None,
) -> ScoreTable:
    """A table whose every scored cell is listed, unless ranks say otherwise."""
    scores = np.array(rows, dtype=np.float64)
    if ranks is None:
        order = np.argsort(np.argsort(-scores, axis=0, kind="stable"), axis=0, kind="stable")
        return ScoreTable(columns, scores, np.where(np.isnan(scores), 0, order + 1))
    return ScoreTable(columns, scores, np.array(ranks, dtype=np.int64))


def blended(fusion: Fusion, given: ScoreTable) -> list[float]:
    return [float(score) for score in fusion.fuse(given).scores]


# Published figures


def test_reciprocal_rank_of_a_first_place() -> None:
    assert blended(ReciprocalRank(), table([[5, NAN]])) == [1 / 61]


def test_reciprocal_rank_with_weights() -> None:
    fusion = ReciprocalRank(weights={"lexical": 0.9, "dense": 0.1})
    assert blended(fusion, table([[5, NAN], [NAN, 0.5]])) == pytest.approx([0.9 / 61, 0.1 / 61])


def test_reciprocal_rank_with_constant_one() -> None:
    fusion = ReciprocalRank(k=1)
    assert blended(fusion, table([[5, NAN], [4, NAN]])) == [1 / 2, 1 / 3]
    both = table([[5, 0.8], [NAN, 0.9]])
    assert blended(fusion, both)[0] == pytest.approx(0.8333334, abs=1e-7)


def test_reciprocal_rank_with_a_share_of_the_dense_retrievers() -> None:
    fusion = ReciprocalRank(dense=0.8)
    assert blended(fusion, table([[5, NAN], [NAN, 0.5]])) == pytest.approx([0.2 / 61, 0.8 / 61])


@pytest.mark.parametrize(
    ("kind", "row", "expected"),
    [
        (Mean, [1, 0, 0.6], 0.69),
        (HarmonicMean, [1, 0, 0.6], 0.7611),
        (GeometricMean, [1, 0, 0.6], 0.7863),
        (HarmonicMean, [1, 0.5, 0.3], 0.48),
        (GeometricMean, [1, 0.5, 0.3], 0.5567),
    ],
)
def test_weighted_means_as_in_opensearch(kind: Any, row: list[float], expected: float) -> None:
    fusion = kind({"a": 0.45, "b": 0.15, "c": 0.4}, normalise="none")
    assert blended(fusion, table([row], THREE))[0] == pytest.approx(
        expected, abs=1e-4
    )  # published cut off


# Formulas by hand

PAIR = table([[4, 0.5], [2, 0.9], [1, -0.1]])  # theoretical min-max: 1, .5, .25 and 1.5, 1.9, .9


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [
        (Convex(), [0.2 + 0.8 * 1.5 / 1.9, 0.1 + 0.8, 0.05 + 0.8 * 0.9 / 1.9]),
        (Convex(dense=0), [1, 0.5, 0.25]),
        (Convex(dense=1), [1.5 / 1.9, 1, 0.9 / 1.9]),
        (
            Convex(weights={"lexical": 1, "dense": 3}),
            [0.25 + 0.75 * 1.5 / 1.9, 0.125 + 0.75, 0.0625 + 0.75 * 0.9 / 1.9],
        ),
        (CombSum(normalise="min-max"), [1 + 0.6, 1 / 3 + 1, 0]),
        (CombSum({"lexical": 2, "dense": 0}, "min-max"), [2, 2 / 3, 0]),
        (CombMnz(normalise="min-max"), [2 * 1.6, 2 * 4 / 3, 0]),
        (Mean(), [0.8, 2 / 3, 0]),
        (Max(), [1, 1, 0.9 / 1.9]),
        (Min(), [1.5 / 1.9, 0.5, 0.25]),
        (Median(), [(1 + 1.5 / 1.9) / 2, 0.75, (0.25 + 0.9 / 1.9) / 2]),
        (GeometricMean(), [0.6**0.5, (1 / 3) ** 0.5, 0]),
        (HarmonicMean(), [0.75, 0.5, 0]),
        (ReciprocalRank(), [1 / 61 + 1 / 62, 1 / 61 + 1 / 62, 2 / 63]),
        (InverseSquareRank(), [2 * 1.25, 2 * 1.25, 2 * 2 / 9]),
        (Borda(), [1 + 2 / 3, 1 + 2 / 3, 2 / 3]),
    ],
)
def test_formula(fusion: Fusion, expected: list[float]) -> None:
    assert blended(fusion, PAIR) == pytest.approx(expected)


def test_median_of_three_is_the_middle_one() -> None:
    assert blended(Median(normalise="none"), table([[9, 1, 4]], THREE)) == [4]


def test_distribution_based_sums_its_normalised_scores() -> None:
    fused = DistributionBased().fuse(PAIR)
    assert fused.scores == pytest.approx(fused.normalised.sum(axis=1))
    lexical = PAIR.scores[:, 0]
    low = lexical.mean() - 3 * lexical.std()
    assert fused.normalised[:, 0] == pytest.approx((lexical - low) / (6 * lexical.std()))


def test_combmnz_counts_whoever_lists_a_candidate() -> None:
    """A completed lexical zero says that nothing matches; a listed score counts even if worst."""
    given = table([[4, 0.5], [0, 0.9], [1, NAN]], ranks=[[1, 2], [0, 1], [2, 0]])
    fusion = CombMnz(normalise="theoretical-min-max", missing="minimum")
    assert blended(fusion, given) == pytest.approx([2 * (1 + 1.5 / 1.9), 1, 0.25])


def test_inverse_square_rank_multiplies_by_the_number_of_lists() -> None:
    given = table([[5, 0.9], [4, NAN]])
    assert blended(InverseSquareRank(), given) == [4, 0.25]


# Missing scores

HALF = table([[4, 0.5], [2, NAN], [NAN, 0.8]])


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        ("minimum", [0.5 + 0.5 * 1.5 / 1.8, 0.25, 0.5]),
        ("complete", [0.5 + 0.5 * 1.5 / 1.8, 0.25, 0.5]),
        ("worst", [0.5 + 0.5 * 1.5 / 1.8, 0.25 + 0.5 * 1.5 / 1.8, 0.25 + 0.5]),
        ("ignore", [0.5 + 0.5 * 1.5 / 1.8, 0.5, 1]),
    ],
)
def test_missing_scores_of_a_convex_blend(missing: Any, expected: list[float]) -> None:
    assert blended(Convex(dense=0.5, missing=missing), HALF) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [
        (Max(missing="ignore"), [1, 0.5, 1]),
        (Min(missing="ignore"), [1.5 / 1.8, 0.5, 1]),
        (Min(missing="minimum"), [1.5 / 1.8, 0, 0]),
        (Median(missing="ignore"), [(1 + 1.5 / 1.8) / 2, 0.5, 1]),
        (CombSum(normalise="theoretical-min-max", missing="ignore"), [1 + 1.5 / 1.8, 0.5, 1]),
        (Mean(normalise="theoretical-min-max", missing="ignore"), [(1 + 1.5 / 1.8) / 2, 0.5, 1]),
        (GeometricMean(normalise="max", missing="ignore"), [(0.5 / 0.8) ** 0.5, 0.5, 1]),
        (GeometricMean(normalise="max", missing="minimum"), [(0.5 / 0.8) ** 0.5, 0.5, 1]),
        (ReciprocalRank(), [1 / 61 + 1 / 62, 1 / 62, 1 / 61]),
        (Borda(), [1.5, 0.5, 1]),
    ],
)
def test_missing_scores(fusion: Fusion, expected: list[float]) -> None:
    assert blended(fusion, HALF) == pytest.approx(expected)


def test_worst_is_the_worst_listed_score_not_a_completed_one() -> None:
    given = table([[4, 0.5], [1, NAN], [NAN, 0.8]], ranks=[[1, 2], [0, 0], [0, 1]])
    fused = CombSum(normalise="none", missing="worst").fuse(given)
    assert fused.normalised[:, 0].tolist() == [4, 1, 4]


def test_ignored_scores_give_no_normalised_score_and_no_contribution() -> None:
    fused = Convex(missing="ignore", normalise="z-score").fuse(table([[4, 0.5], [4, NAN]]))
    assert np.isnan(fused.normalised[1, 1])
    assert fused.contributions[1, 1] == 0


def test_a_candidate_that_only_a_retriever_of_no_weight_scores_gets_zero() -> None:
    fusion = Convex(weights={"lexical": 0, "dense": 1}, missing="ignore")
    assert blended(fusion, HALF)[1] == 0


def test_an_empty_list_gives_nothing() -> None:
    given = table([[NAN, 0.5], [NAN, 0.9]])
    assert blended(Convex(dense=0.5, missing="minimum"), given) == pytest.approx([0.75 / 1.9, 0.5])


# Weights


def test_one_kind_of_retriever_gets_the_whole_weight() -> None:
    assert blended(Convex(), table([[4], [2]], (LEXICAL,))) == [1, 0.5]
    assert blended(Convex(dense=0), table([[0.5], [0]], (DENSE,))) == pytest.approx([1, 1 / 1.5])


def test_retrievers_of_a_kind_share_its_weight() -> None:
    columns = (LEXICAL, Column.dense("title"), Column.dense("body"))
    fused = Convex(dense=0.8).fuse(table([[1, 0.5, 0.5]], columns))
    assert fused.weights.tolist() == pytest.approx([0.2, 0.4, 0.4])


WEIGHTED = [Convex, CombSum, CombMnz, Mean, GeometricMean, HarmonicMean, DistributionBased]
WEIGHTED_BY_RANK = [ReciprocalRank, InverseSquareRank, Borda]


@pytest.mark.parametrize("kind", [*WEIGHTED, *WEIGHTED_BY_RANK])
def test_weights_must_name_every_retriever(kind: Any) -> None:
    with pytest.raises(ConfigurationError, match="no weight to the retriever 'dense'"):
        kind(weights={"lexical": 1}).fuse(PAIR)
    with pytest.raises(UnknownNameError, match="unknown retriever in weights 'dens'; did you mean"):
        kind(weights={"lexical": 1, "dens": 1}).fuse(PAIR)


@pytest.mark.parametrize("kind", [*WEIGHTED, *WEIGHTED_BY_RANK])
@pytest.mark.parametrize(
    "wrong",
    [{}, {"lexical": 0, "dense": 0}, {"lexical": -1}, {"lexical": NAN}, {"lexical": "1"}, [1], "a"],
)
def test_wrong_weights_are_refused_when_the_fusion_is_made(kind: Any, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="weight"):
        kind(weights=wrong)


@given(st.sampled_from([1e-6, 0.5, 3, 1e6]))
def test_only_proportions_of_convex_weights_matter(factor: float) -> None:
    weights = {"lexical": 0.3 * factor, "dense": 0.7 * factor}
    assert blended(Convex(weights=weights), PAIR) == pytest.approx(blended(Convex(0.7), PAIR))


# Properties of every fusion


@given(st.data(), hidden_scores(), st.integers(1, 9))
@settings(max_examples=300, deadline=None)
def test_the_order_of_candidates_changes_no_score(
    data: st.DataObject, hidden: HiddenScores, window: int
) -> None:
    fusion = data.draw(fusions(hidden.columns))
    given = hidden.candidacy(window).table
    order = data.draw(st.permutations(range(len(given.scores))))
    assume(len(order))
    shuffled = ScoreTable(given.columns, given.scores[order], given.ranks[order])
    # Sums over a column in another order may differ in the last bits.
    assert fusion.fuse(shuffled).scores == pytest.approx(
        fusion.fuse(given).scores[order], rel=1e-9, abs=1e-12
    )


@given(st.data(), hidden_scores(), st.integers(1, 9))
@settings(max_examples=500, deadline=None)
def test_contributions_add_up_to_the_score(
    data: st.DataObject, hidden: HiddenScores, window: int
) -> None:
    fusion = data.draw(fusions(hidden.columns))
    given = hidden.candidacy(window).table
    before = given.scores.copy()
    fused = fusion.fuse(given)
    count, width = given.scores.shape
    assert np.array_equal(given.scores, before, equal_nan=True), "the table was written to"
    assert fused.scores.shape == (count,)
    assert fused.normalised.shape == fused.contributions.shape == (count, width)
    assert fused.weights.shape == (width,)
    assert np.isfinite(fused.scores).all()
    if isinstance(fusion, GeometricMean | HarmonicMean | Median):
        assert np.isnan(fused.contributions).all()
    else:
        assert fused.contributions.sum(axis=1).tolist() == fused.scores.tolist()


@given(st.data(), hidden_scores())
@settings(max_examples=200, deadline=None)
def test_equal_candidates_score_exactly_alike(data: st.DataObject, hidden: HiddenScores) -> None:
    """Ties are for the ids to break: rounding must not."""
    fusion = data.draw(fusions(hidden.columns))
    given = hidden.candidacy(99).table
    twice = ScoreTable(given.columns, np.tile(given.scores, (5, 1)), np.tile(given.ranks, (5, 1)))
    scores = fusion.fuse(twice).scores.reshape(5, -1)
    assert (scores == scores[0]).all()


@pytest.mark.parametrize(
    "fusion",
    [parse_fusion(name) for name in BUILT_IN["fusions"]],
    ids=BUILT_IN["fusions"],
)
def test_no_candidates_fuse_to_no_scores(fusion: Fusion) -> None:
    empty = ScoreTable((LEXICAL, DENSE), np.empty((0, 2)), np.empty((0, 2), dtype=np.int64))
    assert fusion.fuse(empty).scores.shape == (0,)


@given(hidden_scores(columns=[(LEXICAL, DENSE)]), st.floats(0, 1))
@settings(deadline=None)
def test_a_convex_blend_lies_between_its_parts(hidden: HiddenScores, dense: float) -> None:
    fused = Convex(dense=dense, missing="minimum").fuse(hidden.candidacy(9).table)
    assert (fused.scores <= fused.normalised.max(axis=1) + 1e-12).all()
    assert (fused.scores >= fused.normalised.min(axis=1) - 1e-12).all()


@given(hidden_scores(columns=[(LEXICAL, DENSE)]))
@settings(deadline=None)
def test_means_come_in_their_order(hidden: HiddenScores) -> None:
    """Harmonic, geometric, arithmetic, wherever all scores are above zero."""
    given = hidden.candidacy(9).table
    means = [
        kind(normalise="theoretical-min-max", missing="minimum").fuse(given)
        for kind in (HarmonicMean, GeometricMean, Mean)
    ]
    rows = (means[0].normalised > 0).all(axis=1)
    harmonic, geometric, arithmetic = (mean.scores[rows] for mean in means)
    assert (harmonic <= geometric + 1e-12).all()
    assert (geometric <= arithmetic + 1e-12).all()
