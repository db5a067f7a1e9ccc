"""Reciprocal rank fusion."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_name, check_number, check_weights


@dataclass(frozen=True)
class ReciprocalRank:
    """sum_r w_r / (k + rank_r), ranks from 1; a retriever that did not list a candidate gives
    nothing. Cormack, Clarke and Buettcher 2009, "Reciprocal Rank Fusion outperforms Condorcet".

    weights: by retriever; 1 each where none are given.
    """

    k: float = 60
    weights: Weights | None = None

    def __post_init__(self) -> None:
        check_number("k", self.k, least=0, above=True)
        check_weights(self.weights)

    @property
    def missing(self) -> Literal["ignore"]:
        """Ranks need no scores."""
        return "ignore"

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; the normalised score is 1 / (k + rank)."""
        weights = by_name(table.columns, self.weights)
        scores = np.where(table.ranks > 0, 1.0 / (self.k + table.ranks), np.nan)
        contributions = np.nan_to_num(scores, nan=0.0) * weights
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Ranks do not change when a score is completed."""
        return True
