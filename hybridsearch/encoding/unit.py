"""Vectors brought to unit length."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["norms", "unit_rows"]


def norms(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """`float64[n]`: the length of each row, right for very large and very small components too."""
    if rows.shape[1] == 0:
        return np.zeros(len(rows))
    scale = np.abs(rows).max(axis=1)
    safe = np.where((scale > 0) & np.isfinite(scale), scale, 1.0)
    scaled = rows / safe[:, None]
    length: NDArray[np.float64] = np.sqrt(np.einsum("ij,ij->i", scaled, scaled)) * safe
    return length


def unit_rows(rows: NDArray[np.floating]) -> NDArray[np.float32]:
    """`float32[n, dims]`: each row divided by its length; rows of length 0 become NaN."""
    wide = rows.astype(np.float64)
    length = norms(wide)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (wide / length[:, None]).astype(np.float32)
