"""Inverse square rank fusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_name, check_weights


@dataclass(frozen=True)
class InverseSquareRank:
    """N sum_r w_r / rank_r^2, N the number of lists that hold the candidate. Mourao, Martins and
    Magalhaes 2014, "Inverse square rank fusion for multimodal search".

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
        """Blend; the normalised score is 1 / rank^2."""
        weights = by_name(table.columns, self.weights)
        listed = table.ranks > 0
        inverse = 1.0 / np.maximum(table.ranks, 1).astype(np.float64) ** 2
        lists = listed.sum(axis=1, keepdims=True)
        contributions = np.where(listed, inverse, 0.0) * weights * lists
        scores = np.where(listed, inverse, np.nan)
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Ranks do not change when a score is completed."""
        return True
