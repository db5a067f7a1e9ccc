"""Unit vectors for tests."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


def unit(*numbers: float, dims: int = 8) -> Vectors:
    """float32[dims] of unit length that begins in the direction of these numbers."""
    vector = np.zeros(dims, dtype=np.float32)
    vector[: len(numbers)] = numbers
    made: Vectors = vector / np.linalg.norm(vector)
    return made


def random_units(count: int, *, dims: int = 8, seed: int = 0) -> Vectors:
    """float32[count, dims], unit rows."""
    vectors = np.random.default_rng(seed).standard_normal((count, dims)).astype(np.float32)
    made: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return made
