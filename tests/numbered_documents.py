"""Documents by their numbers, and an index that holds exactly the first so many of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from vectors import random_units

from hybridsearch import HybridIndex, Schema

VECTORS = random_units(256, seed=9)
SCHEMA = Schema(
    text=["text"],
    metadata={"n": "integer"},
    dense={"dense": {"embeds": ["text"], "dims": 8}},
)


def fields_of(number: int) -> dict[str, Any]:
    """The fields of a document."""
    return {"text": f"word{number} and more", "n": number}


def numbered(number: int) -> dict[str, Any]:
    """The document with this number, with its vector."""
    return {"id": f"d{number:07d}", **fields_of(number), "dense": VECTORS[number % len(VECTORS)]}


def check_exact(index: HybridIndex, count: int) -> None:
    """Every document from 0 to count - 1 is there once, every field right, and nothing else."""
    assert index.count() == count
    number = -1
    for number, found in enumerate(index.scan(vectors=True)):
        assert found.id == f"d{number:07d}"
        assert found.fields == fields_of(number)
        wanted = VECTORS[number % len(VECTORS)]
        assert np.allclose(found.vectors["dense"].vectors, wanted[None], atol=1e-6)
    assert number == count - 1
    assert index.info().passages == {"dense": count}
