"""Given vectors of many documents checked together: one by one, that takes ten times as long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from hybridsearch.encoding.given import accept_many
from hybridsearch.encoding.protocol import Vectors
from hybridsearch.errors import DocumentError
from hybridsearch.model.document import Document
from hybridsearch.model.schema import Schema

Units: TypeAlias = Mapping[str, Vectors | DocumentError]
"""A document's single vectors by field, float32[1, dims] of unit length, or why they are none."""


def units_of(documents: Sequence[Document], schema: Schema, *, normalise: bool) -> list[Units]:
    """By document, those of its vectors that are one for the whole document."""
    found: list[dict[str, Vectors | DocumentError]] = [{} for _ in documents]
    for name, field in schema.dense.items():
        which = [at for at, one in enumerate(documents) if is_single(one.vectors.get(name))]
        if not which or field.dims is None:
            continue
        given = [documents[at].vectors[name] for at in which]
        rows, reasons = accept_many(given, dims=field.dims, normalise=normalise)
        for at, row in zip(which, rows[:, None, :], strict=True):
            found[at][name] = row
        for row, reason in reasons.items():
            at = which[row]
            found[at][name] = DocumentError(reason, id=documents[at].id, field=name)
    return list(found)


def is_single(vector: Any) -> bool:
    """Whether this is one vector, rather than one for each passage."""
    if isinstance(vector, np.ndarray):
        return vector.ndim == 1 and vector.dtype.kind in "fiu"
    if not isinstance(vector, list | tuple) or not vector:
        return False
    return isinstance(vector[0], float | int) and not isinstance(vector[0], bool)
