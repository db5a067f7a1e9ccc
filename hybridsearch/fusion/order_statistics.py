"""Order statistics of normalised scores: maximum, minimum and median (CombMAX, CombMIN, CombMED).

Fox and Shaw 1994, "Combination of Multiple Searches", TREC-2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from hybridsearch.fusion.missing import check_missing
from hybridsearch.fusion.normalise import check_normalisation, unmoved
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.scale import normalised
from hybridsearch.fusion.table import Floats, Fused, ScoreTable


@dataclass(frozen=True)
class Max:
    """The best normalised score; the retriever that gave it contributes all of it."""

    normalise: str = "theoretical-min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend."""
        return _chosen(normalised(table, self.normalise, self.missing), -np.inf, np.argmax)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


@dataclass(frozen=True)
class Min:
    """The worst normalised score; the retriever that gave it contributes all of it."""

    normalise: str = "theoretical-min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend."""
        return _chosen(normalised(table, self.normalise, self.missing), np.inf, np.argmin)

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


@dataclass(frozen=True)
class Median:
    """The median of the normalised scores; it has no parts, so contributions are NaN."""

    normalise: str = "theoretical-min-max"
    missing: Missing = "complete"

    def __post_init__(self) -> None:
        check_normalisation(self.normalise)
        check_missing(self.missing)

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend."""
        scores = normalised(table, self.normalise, self.missing)
        ordered = np.sort(scores, axis=1)  # NaN last
        count = (~np.isnan(scores)).sum(axis=1)
        rows = np.arange(len(scores))
        low = ordered[rows, np.maximum(count - 1, 0) // 2]
        high = ordered[rows, np.minimum(count // 2, max(scores.shape[1] - 1, 0))]
        middle = np.where(count % 2 == 1, low, (low + high) / 2)
        return Fused(
            np.where(count > 0, middle, 0.0),
            scores,
            np.ones(len(table.columns)),
            np.full_like(scores, np.nan),
        )

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the same for every table
        """Whether bounds decide which cells matter."""
        return unmoved(self.normalise)


def _chosen(scores: Floats, absent: float, choose: Callable[..., np.ndarray]) -> Fused:
    comparable = np.where(np.isnan(scores), absent, scores)
    rows = np.arange(len(scores))
    winner = choose(comparable, axis=1)
    contributions = np.zeros_like(scores)
    contributions[rows, winner] = np.nan_to_num(scores[rows, winner], nan=0.0)
    return Fused(contributions.sum(axis=1), scores, np.ones(scores.shape[1]), contributions)
