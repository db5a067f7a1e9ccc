"""Distribution-based score fusion."""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridsearch.fusion.comb import CombSum
from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, check_weights


@dataclass(frozen=True)
class DistributionBased:
    """The sum of scores normalised by mean and deviation. Mazzeschi 2023, "Distribution-Based
    Score Fusion (DBSF), a new approach to Vector Search Ranking"; also in Qdrant.

    weights: by retriever; 1 each where none are given.
    """

    weights: Weights | None = field(default=None, hash=False)
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
