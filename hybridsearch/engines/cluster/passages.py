"""Passages as a cluster keeps them, read back: their places in the text and their vectors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.cluster.digests import digests_of
from hybridsearch.engines.cluster.objects import value_at
from hybridsearch.engines.cluster.shape import Shape, VectorShape
from hybridsearch.model.digests import UNTOLD
from hybridsearch.model.embedded_text import embedded_fields
from hybridsearch.model.schema import Schema


def passages_of(
    source: Mapping[str, Any], schema: Schema, shape: Shape
) -> dict[str, PassageVectors]:
    """The passages of a source by vector field, without rows where it has none."""
    return {name: _passages(source, name, schema, shape.vectors[name]) for name in schema.dense}


def parts_of(name: str, schema: Schema, shape: Shape) -> list[str]:
    """The parts of a source that make the passages of a field."""
    vector = shape.vectors[name]
    if vector.nested is None:
        return [vector.vector, *schema.dense[name].embeds]
    places = [f"{vector.nested}.{end}" for end in ("start", "end") if vector.places]
    return [*places, vector.vector]


def whole_text(source: Mapping[str, Any], name: str, schema: Schema) -> tuple[int, int]:
    """The place of all of the text that a field embeds, which one vector stands for."""
    text = text_of(source, name, schema)
    return (0, len(text)) if text else (-1, -1)


def text_of(source: Mapping[str, Any], name: str, schema: Schema) -> str:
    """The text that a vector field embeds of a source."""
    embeds = schema.dense[name].embeds
    return embedded_fields({field: value_at(source, field) for field in embeds}, embeds)


def _passages(
    source: Mapping[str, Any], name: str, schema: Schema, shape: VectorShape
) -> PassageVectors:
    spans: list[tuple[int, int]] = []
    vectors: list[Any] = []
    if shape.nested is None:
        vector = value_at(source, shape.vector)
        if vector is not None:
            spans, vectors = [whole_text(source, name, schema)], [vector]
    else:
        kept = value_at(source, shape.nested) or ()
        for passage in [kept] if isinstance(kept, Mapping) else kept:
            spans.append((passage["start"], passage["end"]) if shape.places else (-1, -1))
            vectors.append(value_at(passage, shape.within))
    # The numbers are those of float32, written out: reading them gives the same bits again.
    rows = np.array(vectors, dtype=np.float32).reshape(-1, schema.dense[name].dims or 1)
    if not shape.places:
        rows = _units(rows)
    digests = digests_of(source)
    other = UNTOLD if digests.document is None else None
    places = np.array(spans, dtype=np.int32).reshape(-1, 2)
    return PassageVectors(places, rows, digests.text.get(name, other))


def _units(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Vectors that others made, of unit length."""
    wide = rows.astype(np.float64)
    lengths = np.linalg.norm(wide, axis=1, keepdims=True)
    units: NDArray[np.float32] = (wide / np.maximum(lengths, 1e-12)).astype(np.float32)
    return units
