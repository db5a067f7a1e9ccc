"""Normalisations: one retriever's scores onto a scale that can be blended.

Each is fitted on the retriever's scored cells, completed ones among them, and then applied to its
column, in which missing cells may have been filled. Filled cells do not move the fit, and where a
normalisation has a range they are clipped to it: none comes out above the worst scored cell.
Sources: Lee 1997, "Analyses of Multiple Evidence Combination" (min-max); Montague and Aslam 2001,
"Relevance Score Normalization for Metasearch" (sum, z-score); Bruch, Gai and Ingber 2023, arXiv
2210.11934 (theoretical min-max); Mazzeschi 2023 (distribution-based); Milvus's weighted ranker
(arctan); de Borda 1784 (rank).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from functools import partial
from typing import Final, TypeAlias

import numpy as np

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.parameters import check_number
from hybridsearch.fusion.table import Column, Floats

Apply: TypeAlias = Callable[[Floats], Floats]
Fit: TypeAlias = Callable[[Floats, Column], Apply]

RANK: Final = "rank"
_WITH_SCALE: Final = re.compile(r"arctan\(\s*scale\s*=\s*([^()\s]*)\s*\)")


def none(_scored: Floats, _column: Column) -> Apply:
    """The scores as they are."""
    return lambda scores: scores


def min_max(scored: Floats, _column: Column) -> Apply:
    """(s - min) / (max - min), 0..1; where all are equal, or there is a lone hit, 1."""
    low, high = scored.min(), scored.max()
    if high <= low:
        return lambda scores: np.where(scores >= low, 1.0, 0.0)
    return lambda scores: (np.clip(scores, low, high) - low) / (high - low)


def theoretical_min_max(scored: Floats, column: Column) -> Apply:
    """(s - m) / (max - m), m the retriever's theoretical minimum: 0 for BM25, -1 for cosines."""
    width = scored.max() - column.minimum
    if width <= 0:
        return np.zeros_like
    # A cosine in single precision may lie a rounding below -1.
    return lambda scores: np.maximum(scores - column.minimum, 0.0) / width


def maximum(scored: Floats, _column: Column) -> Apply:
    """Scores over their best, s / |max|; where the best is 0, 0.

    The sign is dropped: where all scores are negative, dividing by one would reverse their order.
    """
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
    """Scores over their Euclidean norm, s / sqrt(sum s^2); 0 where that is 0."""
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
    # Of two arguments: the quotient by a tiny scale would overflow.
    return lambda scores: np.arctan2(scores, scale) * (2 / math.pi)


NORMALISATIONS: Final[dict[str, Fit]] = {
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
# Whose fit cannot move when a missing cell is filled with at most the worst score of its list:
# they look at the best score only, or at none.
_UNMOVED: Final = frozenset({"none", "theoretical-min-max", "max", "arctan", RANK})


def normalisation(name: str) -> Fit:
    """The normalisation with this name; raises UnknownNameError with the nearest.

    `rank` is not among them: it looks at ranks, not at scores.
    """
    with_scale = _WITH_SCALE.fullmatch(name.strip())
    if with_scale:
        return partial(arctan, scale=_scale(with_scale[1]))
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
    return name.partition("(")[0].strip() in _UNMOVED


def _scale(text: str) -> float:
    try:
        scale: float | str = float(text)
    except ValueError:
        scale = text
    check_number("the scale of arctan", scale, least=0, above=True)
    return float(scale)


def _spread(scored: Floats, deviation: float) -> bool:
    """Whether scores differ by more than what adding them up in floating point makes of equals."""
    return deviation > 1e-12 * float(np.abs(scored).max())
