"""Normalisations: one retriever's scores onto a scale that can be blended.

Each is fitted on the retriever's scored cells and then applied to its column, in which missing
cells may have been filled. A filled cell never comes out above the worst scored one.
Sources: Fox and Shaw 1994 (min-max, sum); Bruch, Gai and Ingber 2023, arXiv 2210.11934
(theoretical min-max, z-score); Mazzeschi 2023, Qdrant (distribution-based score fusion);
Chen et al. 2022 (arctan); de Borda 1784 (rank).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import cache, partial
from typing import TypeAlias

import numpy as np

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.table import Column, Floats

Apply: TypeAlias = Callable[[Floats], Floats]
Fit: TypeAlias = Callable[[Floats, Column], Apply]

RANK = "rank"
_WITH_SCALE = re.compile(r"arctan\(\s*scale\s*=\s*([0-9.eE+-]+)\s*\)")


def none(_scored: Floats, _column: Column) -> Apply:
    """The scores as they are."""
    return lambda scores: scores


def min_max(scored: Floats, _column: Column) -> Apply:
    """(s - min) / (max - min), 0..1; where all are equal, or there is a lone hit, 1."""
    low, high = scored.min(), scored.max()
    if high <= low:
        return lambda scores: np.where(scores >= low, 1.0, 0.0)
    return lambda scores: np.clip((scores - low) / (high - low), 0.0, 1.0)


def theoretical_min_max(scored: Floats, column: Column) -> Apply:
    """(s - m) / (max - m), m the retriever's theoretical minimum: 0 for BM25, -1 for cosines."""
    width = scored.max() - column.minimum
    if width <= 0:
        return np.zeros_like
    return lambda scores: (scores - column.minimum) / width


def maximum(scored: Floats, _column: Column) -> Apply:
    """S / |max|; the absolute value keeps the order where all scores are negative."""
    high = abs(scored.max())
    if high == 0:
        return np.zeros_like
    return lambda scores: scores / high


def total(scored: Floats, _column: Column) -> Apply:
    """(s - min) / sum(s - min); where all are equal, 1/n."""
    low = scored.min()
    whole = float((scored - low).sum())
    if whole <= 0:
        share = 1.0 / len(scored)
        return lambda scores: np.where(scores >= low, share, 0.0)
    return lambda scores: np.maximum(scores - low, 0.0) / whole


def z_score(scored: Floats, _column: Column) -> Apply:
    """(s - mean) / standard deviation; where all are equal, 0."""
    mean, deviation = float(scored.mean()), float(scored.std())
    if not _spread(scored, deviation):
        return np.zeros_like
    return lambda scores: (scores - mean) / deviation


def l2(scored: Floats, _column: Column) -> Apply:
    """S / Euclidean norm of all scores; 0 where that is 0."""
    norm = float(np.linalg.norm(scored))
    if norm == 0:
        return np.zeros_like
    return lambda scores: scores / norm


def distribution_based(scored: Floats, _column: Column) -> Apply:
    """(s - (mean - 3 std)) / (6 std), clipped to 0..1; where all are equal, 0.5."""
    mean, deviation = float(scored.mean()), float(scored.std())
    if not _spread(scored, deviation):
        low = scored.min()
        return lambda scores: np.where(scores >= low, 0.5, 0.0)
    return lambda scores: np.clip((scores - (mean - 3 * deviation)) / (6 * deviation), 0.0, 1.0)


def arctan(_scored: Floats, _column: Column, *, scale: float = 1.0) -> Apply:
    """2/pi atan(s / scale), -1..1."""
    return lambda scores: np.arctan(scores / scale) * (2 / math.pi)


NORMALISATIONS: dict[str, Fit] = {
    "none": none,
    "min-max": min_max,
    "theoretical-min-max": theoretical_min_max,
    "max": maximum,
    "sum": total,
    "z-score": z_score,
    "l2": l2,
    "dbsf": distribution_based,
    "arctan": arctan,
}
# Whose fit cannot move when a missing cell is filled with at most the worst score of its list.
UNMOVED = frozenset({"none", "theoretical-min-max", "max", "arctan"})


@cache
def normalisation(name: str) -> Fit:
    """The normalisation with this name; raises UnknownNameError with the nearest.

    `rank` is not among them: it looks at ranks, not at scores.
    """
    with_scale = _WITH_SCALE.fullmatch(name.strip())
    if with_scale:
        try:
            scale = float(with_scale[1])
        except ValueError:
            scale = math.nan
        if not (math.isfinite(scale) and scale > 0):
            raise ConfigurationError(
                f"arctan's scale must be a number above 0, not {with_scale[1]}"
            )
        return partial(arctan, scale=scale)
    if name not in NORMALISATIONS:
        raise UnknownNameError("normalisation", name, (*NORMALISATIONS, RANK))
    return NORMALISATIONS[name]


def check_normalisation(name: object) -> None:
    """Raises ConfigurationError for anything but a known normalisation."""
    if not isinstance(name, str):
        raise ConfigurationError(f"normalise must be a name such as 'min-max', not {name!r}")
    if name != RANK:
        normalisation(name)


def unmoved(name: str) -> bool:
    """Whether filling missing cells leaves the normalised scores of all others as they are."""
    return name.partition("(")[0].strip() in UNMOVED


def _spread(scored: Floats, deviation: float) -> bool:
    """Whether scores differ by more than what adding them up in floating point makes of equals."""
    return deviation > 1e-12 * max(1.0, float(np.abs(scored).max()))
