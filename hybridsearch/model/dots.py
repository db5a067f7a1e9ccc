"""Dot products row by row, each the same whatever lies beside it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

# Of longer rows numpy adds up parts, whose ends depend on how many rows there are.
_AT_ONCE: Final = 4096


def dots(rows: NDArray[np.float32], others: NDArray[np.float32]) -> NDArray[np.float32]:
    """`float32[n]`: each row's product with its own of `others`, float32[n, dims], or with the one
    that these are, float32[dims]."""
    # einsum, unlike a BLAS product, adds up a row in the same order whatever its neighbours.
    spec = "ij,j->i" if others.ndim == 1 else "ij,ij->i"
    total = np.zeros(len(rows), np.float32)
    for begin in range(0, rows.shape[1], _AT_ONCE):
        part = slice(begin, begin + _AT_ONCE)
        total += np.einsum(spec, rows[:, part], others[..., part])
    return total
