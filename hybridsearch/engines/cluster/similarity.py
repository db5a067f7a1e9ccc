"""Scores of vectors on the servers' scales, and back: dot products, -1..1 for unit vectors.

halved: (1 + dot) / 2. shifted: 1 + dot where dot is not negative, else 1 / (1 - dot). distance:
1 / (1 + d²) of unit vectors, whose d² is 2 - 2 dot.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Scale: TypeAlias = Literal["halved", "shifted", "distance"]
_Scores: TypeAlias = NDArray[np.float64]

FOR_UNITS: Final[frozenset[Scale]] = frozenset({"shifted", "distance"})
"""Scales that tell how near directions are for vectors of unit length alone."""
_LEAST: Final = 1e-9


def dot_products(scores: _Scores, scale: Scale) -> _Scores:
    """The dot products that were given these scores."""
    return _DOT_PRODUCTS[scale](scores)


def slope(scale: Scale) -> float:
    """About how much a score rises with a dot product, where that is not negative."""
    return _SLOPES[scale]


def _shifted(scores: _Scores) -> _Scores:
    positive = np.maximum(scores, _LEAST)
    found: _Scores = np.where(scores >= 1.0, scores - 1.0, 1.0 - 1.0 / positive)
    return found


def _distance(scores: _Scores) -> _Scores:
    return (3.0 - 1.0 / np.maximum(scores, _LEAST)) / 2.0


_DOT_PRODUCTS: Final[dict[Scale, Callable[[_Scores], _Scores]]] = {
    "halved": lambda scores: 2.0 * scores - 1.0,
    "shifted": _shifted,
    "distance": _distance,
}
_SLOPES: Final[dict[Scale, float]] = {
    "halved": 0.5,
    "shifted": 1.0,
    "distance": 0.5,
}
