"""Convex combination: a weighted mean of normalised scores; the default fusion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from hybridsearch.errors import ConfigurationError
from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import check_normalisation, unmoved
from hybridsearch.fusion.parameters import check_number
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Floats, Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_kind, by_name, check_weights

DENSE_WEIGHT: Final = 0.8


@dataclass(frozen=True)
class Convex:
    """sum_r w_r n_r / sum_r w_r over normalised scores n.

    As it stands it is TM2C2 of Bruch, Gai and Ingber 2023, "An Analysis of Fusion Functions for
    Hybrid Retrieval" (arXiv 2210.11934): theoretical minima, missing scores completed.

    dense: the weight of the dense retrievers, 0..1, the rest is the lexical ones'; weights: by
    retriever instead. With missing="ignore" the weights of the missing are shared by the others.
    """

    dense: float = DENSE_WEIGHT
    weights: Weights | None = field(default=None, hash=False)
    normalise: str = "theoretical-min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_number("dense", self.dense, least=0, most=1)
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)
        if self.weights is not None and self.dense != DENSE_WEIGHT:
            raise ConfigurationError(
                "convex was given both dense and weights: give one of them, dense for the share "
                "of the dense retrievers or weights for each retriever"
            )

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
            contributions = _of_those_present(contributions, weights)
        return Fused(contributions.sum(axis=1), scores, weights, contributions)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


def _of_those_present(contributions: Floats, weights: Floats) -> Floats:
    """The contributions float64[n, r] over the weights of those that are not NaN; NaN gives 0."""
    absent = np.isnan(contributions)
    present = np.where(absent, 0.0, weights).sum(axis=1, keepdims=True)
    # Whoever is scored only by retrievers of weight 0 scores 0.
    shares: Floats = np.where(absent, 0.0, contributions) / np.where(present > 0, present, 1.0)
    return shares
