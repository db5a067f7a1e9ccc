"""Convex combination: a weighted mean of normalised scores; the default fusion."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import check_normalisation, unmoved
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_kind, by_name, check_number, check_weights


@dataclass(frozen=True)
class Convex:
    """sum_r w_r n_r / sum_r w_r over normalised scores n.

    As it stands it is TM2C2 of Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for
    Hybrid Retrieval" (arXiv 2210.11934): theoretical minima, missing scores completed.

    dense: the weight of the dense retrievers, 0..1, the rest is the lexical ones'; weights: by
    retriever instead. With missing="ignore" the weights of the missing are shared by the others.
    """

    dense: float = 0.8
    weights: Weights | None = None
    normalise: str = "theoretical-min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_number("dense", self.dense, least=0, most=1)
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        if self.weights is None:
            weights = by_kind(table.columns, self.dense)
        else:
            weights = by_name(table.columns, self.weights)
            weights = weights / weights.sum()
        scores = normalised(table, self.normalise, self.missing)
        contributions = scores * weights
        if self.missing == "ignore":
            present = (~np.isnan(scores)) @ weights
            contributions /= np.where(present > 0, present, 1.0)[:, None]
            contributions = np.nan_to_num(contributions, nan=0.0)
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)
