"""A vector field that others made: where it lies, how long it is, and how it is compared."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.engines.cluster.similarity import Scale


@dataclass(frozen=True, slots=True)
class FoundVector:
    """Its shape, its dims, and what to know of it."""

    shape: VectorShape
    dims: int
    remark: str


def found_vector(
    name: str, dims: int, nested: str | None, scale: Scale | None, compared: str
) -> FoundVector:
    """scale: of the product's scores, None where a script has to compare; compared: how, in the
    product's words."""
    shape = VectorShape(name, nested, places=False, scale=scale or "halved", exact=scale is None)
    how = "all compared by a script" if scale is None else f"compared by {compared}"
    return FoundVector(shape, dims, f"{dims} dims, {how}")
