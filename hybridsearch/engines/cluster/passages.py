"""Passages as a cluster keeps them, read back: their places in the text and their vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.cluster.digests import digests_of
from hybridsearch.engines.cluster.mapping import DIGESTS, VECTOR
from hybridsearch.model.digests import UNTOLD
from hybridsearch.model.schema import Schema


def passages_of(source: Mapping[str, Any], schema: Schema) -> dict[str, PassageVectors]:
    """The passages of a source by vector field, without rows where it has none."""
    digests = digests_of(source.get(DIGESTS) or {})
    other = UNTOLD if digests.document is None else None
    return {
        name: _passages(source.get(name) or (), field.dims or 1, digests.text.get(name, other))
        for name, field in schema.dense.items()
    }


def _passages(kept: Sequence[Mapping[str, Any]], dims: int, digest: str | None) -> PassageVectors:
    # The numbers are those of float32, written out: reading them gives the same bits again.
    spans = [(passage["start"], passage["end"]) for passage in kept]
    vectors = [passage[VECTOR] for passage in kept]
    return PassageVectors(
        np.array(spans, dtype=np.int32).reshape(-1, 2),
        np.array(vectors, dtype=np.float32).reshape(-1, dims),
        digest,
    )
