"""Sums of normalised scores: CombSUM, CombMNZ, and the two sums with a normalisation of their own.

Fox and Shaw 1994, "Combination of Multiple Searches", TREC-2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import RANK, check_normalisation, unmoved
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_name, check_weights


@dataclass(frozen=True)
class CombSum:
    """sum_r w_r n_r. weights: by retriever; 1 each where none are given."""

    weights: Weights | None = None
    normalise: str = "min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        weights = by_name(table.columns, self.weights)
        scores = normalised(table, self.normalise, self.missing)
        contributions = np.nan_to_num(scores, nan=0.0) * weights
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


@dataclass(frozen=True)
class CombMnz:
    """N sum_r w_r n_r, N the number of retrievers that have the candidate: that score it above
    their minimum. weights: by retriever; 1 each where none are given."""

    weights: Weights | None = None
    normalise: str = "min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        summed = CombSum(self.weights, self.normalise, self.missing).fuse(table)
        minima = np.array([column.minimum for column in table.columns])
        having = (table.scored & (table.scores > minima)).sum(axis=1)
        return Fused(
            summed.scores * having,
            summed.normalised,
            summed.weights,
            summed.contributions * having[:, None],
        )

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Never: one more retriever multiplies the sum, which may be negative."""
        return False


@dataclass(frozen=True)
class DistributionBased:
    """Distribution-based score fusion: the sum of scores normalised by mean and deviation.
    Mazzeschi 2023, as in Qdrant. weights: by retriever; 1 each where none are given."""

    weights: Weights | None = None
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        return CombSum(self.weights, "dbsf", self.missing).fuse(table)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Never: a completed score moves mean and deviation."""
        return False


@dataclass(frozen=True)
class Borda:
    """Borda count: the sum of 1 - (rank - 1) / n over lists of n candidates. de Borda 1784.
    weights: by retriever; 1 each where none are given."""

    weights: Weights | None = None

    def __post_init__(self) -> None:
        check_weights(self.weights)

    @property
    def missing(self) -> Missing:
        """Ranks need no scores."""
        return "ignore"

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        return CombSum(self.weights, RANK, "ignore").fuse(table)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Ranks do not change when a score is completed."""
        return True
