"""Means of normalised scores: arithmetic, geometric and harmonic, weighted by retriever."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import check_normalisation, unmoved
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Floats, Fused, ScoreTable
from hybridsearch.fusion.weights import Weights, by_name, check_weights


@dataclass(frozen=True)
class Mean:
    """The arithmetic mean, each retriever alike unless weights say otherwise."""

    weights: Weights | None = field(default=None, hash=False)
    normalise: str = "min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; contributions sum to the score."""
        weights = self.weights or {column.name: 1.0 for column in table.columns}
        return Convex(weights=weights, normalise=self.normalise, missing=self.missing).fuse(table)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


@dataclass(frozen=True)
class GeometricMean:
    """exp(sum_r w_r ln n_r / sum_r w_r) over the retrievers with a score above zero, as in
    OpenSearch's hybrid query; it has no parts, so contributions are NaN."""

    weights: Weights | None = field(default=None, hash=False)
    normalise: str = "min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend."""
        scores, weights, counted = _positive(table, self.weights, self.normalise, self.missing)
        logarithms = np.log(np.where(counted, scores, 1.0))
        whole = _summed(counted, weights)
        mean = np.exp(_summed(logarithms, weights) / np.where(whole > 0, whole, 1.0))
        return _without_parts(np.where(whole > 0, mean, 0.0), scores, weights)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Never: a small score above zero lowers the mean that zero is left out of."""
        return False


@dataclass(frozen=True)
class HarmonicMean:
    """sum_r w_r / sum_r (w_r / n_r) over the retrievers with a score above zero, as in
    OpenSearch's hybrid query; it has no parts, so contributions are NaN."""

    weights: Weights | None = field(default=None, hash=False)
    normalise: str = "min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_weights(self.weights)
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend."""
        scores, weights, counted = _positive(table, self.weights, self.normalise, self.missing)
        inverse = _summed(np.where(counted, 1.0 / np.where(counted, scores, 1.0), 0.0), weights)
        whole = _summed(counted, weights)
        mean = whole / np.where(inverse > 0, inverse, 1.0)
        return _without_parts(np.where(inverse > 0, mean, 0.0), scores, weights)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Never: a small score above zero lowers the mean that zero is left out of."""
        return False


def _positive(
    table: ScoreTable, weights: Weights | None, normalise: str, missing: Missing
) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    scores = normalised(table, normalise, missing)
    # A score too small for its inverse to be finite counts as zero.
    return scores, by_name(table.columns, weights), np.greater(scores, 1e-300)


def _summed(values: NDArray[np.generic], weights: Floats) -> Floats:
    # Not a matrix product: that may round equal rows differently, and so break their ties.
    summed: Floats = np.multiply(values, weights).sum(axis=1)
    return summed


def _without_parts(fused: Floats, scores: Floats, weights: Floats) -> Fused:
    return Fused(fused, scores, weights, np.full_like(scores, np.nan))
