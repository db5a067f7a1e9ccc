"""Reciprocal rank fusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from hybridsearch.errors import ConfigurationError
from hybridsearch.fusion.parameters import check_number
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_kind, by_name, check_weights


@dataclass(frozen=True)
class ReciprocalRank:
    """sum_r w_r / (k + rank_r), ranks from 1; a retriever that did not list a candidate gives
    nothing. Cormack, Clarke and Buettcher 2009, "Reciprocal Rank Fusion outperforms Condorcet".

    weights: by retriever; dense: instead, the weight of the dense retrievers, 0..1, the rest is
    the lexical ones'. 1 each where neither is given.
    """

    k: float = 60
    weights: Weights | None = field(default=None, hash=False)
    dense: float | None = None

    def __post_init__(self) -> None:
        check_number("k", self.k, least=0, above=True)
        check_weights(self.weights)
        if self.dense is not None:
            check_number("dense", self.dense, least=0, most=1)
            if self.weights is not None:
                raise ConfigurationError(
                    "rrf was given both dense and weights: give one of them, dense for the share "
                    "of the dense retrievers or weights for each retriever"
                )

    @property
    def missing(self) -> Literal["ignore"]:
        """Ranks need no scores."""
        return "ignore"

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; the normalised score is 1 / (k + rank)."""
        if self.dense is None:
            weights = by_name(table.columns, self.weights)
        else:
            weights = by_kind(table.columns, self.dense)
        listed = table.ranks > 0
        reciprocal = 1.0 / (self.k + np.maximum(table.ranks, 1))
        contributions = np.where(listed, reciprocal, 0.0) * weights
        scores = np.where(listed, reciprocal, np.nan)
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Ranks do not change when a score is completed."""
        return True
