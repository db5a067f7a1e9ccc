"""Borda count."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from hybridsearch.fusion.comb import CombSum
from hybridsearch.fusion.normalise import RANK
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, check_weights


@dataclass(frozen=True)
class Borda:
    """sum_r w_r (1 - (rank_r - 1) / n_r) over lists of n_r candidates; a retriever that did not
    list a candidate gives nothing. de Borda 1784; Aslam and Montague 2001, "Models for
    Metasearch".

    weights: by retriever; 1 each where none are given.
    """

    weights: Weights | None = field(default=None, hash=False)

    def __post_init__(self) -> None:
        check_weights(self.weights)

    @property
    def missing(self) -> Literal["ignore"]:
        """Ranks need no scores."""
        return "ignore"

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        return CombSum(self.weights, RANK, "ignore").fuse(table)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Ranks do not change when a score is completed."""
        return True
