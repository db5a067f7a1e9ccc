"""CombSUM and CombMNZ: sums of normalised scores.

Fox and Shaw 1994, "Combination of Multiple Searches", TREC-2.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import check_normalisation, unmoved
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_name, check_weights


@dataclass(frozen=True)
class CombSum:
    """sum_r w_r n_r. weights: by retriever; 1 each where none are given."""

    weights: Weights | None = field(default=None, hash=False)
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
        contributions = np.where(np.isnan(scores), 0.0, scores) * weights
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


@dataclass(frozen=True)
class CombMnz:
    """N sum_r w_r n_r, N the number of retrievers that have the candidate: that list it, or score
    it above their minimum when asked. weights: by retriever; 1 each where none are given."""

    weights: Weights | None = field(default=None, hash=False)
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
        # A completed score at the minimum says that the retriever does not match: a lexical 0.
        having = (table.ranks > 0) | (table.scored & (table.scores > minima))
        contributions = summed.contributions * having.sum(axis=1, keepdims=True)
        return Fused(contributions.sum(axis=1), summed.normalised, summed.weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Never: one more retriever multiplies the sum, which may be negative."""
        return False
