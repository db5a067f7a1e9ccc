"""Documents of an index that was adopted: in its own form, and back.

Nothing is added to what is written but vectors, and digests where the index has fields for them;
what the fields' values mean is the index's own affair. A schema names fields within objects by
dotted names, and so do the documents that are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from hybridsearch.engines.calls import PassageVectors, WriteDocument
from hybridsearch.engines.cluster.digests import kept
from hybridsearch.engines.cluster.mapping import DIGESTS
from hybridsearch.engines.cluster.objects import put_back, taken_out, without
from hybridsearch.engines.cluster.shape import Shape, VectorShape
from hybridsearch.model.schema import Schema
from hybridsearch.model.written_fields import as_read_back


def adopted_body(
    document: WriteDocument, schema: Schema, shape: Shape, *, digests: bool
) -> dict[str, Any]:
    """What is stored."""
    fields = put_back(as_read_back(document.fields), _dotted(schema))
    added: dict[str, Any] = {
        shape.vectors[name].top: vector_value(passages, shape.vectors[name])
        for name, passages in document.vectors.items()
        if len(passages.vectors)
    }
    if shape.id is not None:
        added[shape.id] = document.id
    fields = put_back({**fields, **added}, added)
    if digests and (known := kept(document)):
        fields[DIGESTS] = known
    return fields


def adopted_fields(source: Mapping[str, Any], schema: Schema, shape: Shape) -> dict[str, Any]:
    """The fields of a source, without what is kept for this package."""
    found = dict(source)
    for name in not_fields(shape):
        found = without(found, name)
    return taken_out(found, _dotted(schema))


def not_fields(shape: Shape) -> Iterator[str]:
    """What of a source is no field of the document."""
    yield DIGESTS
    if shape.id is not None:
        yield shape.id
    for vector in shape.vectors.values():
        yield vector.top


def vector_value(passages: PassageVectors, shape: VectorShape) -> Any:
    """What a vector field holds of a document: a passage an object, or one vector for all.

    A field of one vector gets the mean of the passages of a text that is longer than one.
    """
    if shape.nested is None:
        return one_vector(passages)
    within = shape.within
    made = [
        {**_place(span, shape), within: passages.vectors[at]}
        for at, span in enumerate(passages.spans.tolist())
    ]
    return [put_back(one, [within]) for one in made] if "." in within else made


def one_vector(passages: PassageVectors) -> Any:
    """float32[dims], of unit length; a single passage's own, to the last bit."""
    if len(passages.vectors) == 1:
        return passages.vectors[0]
    mean = passages.vectors.astype(np.float64).mean(axis=0)
    return (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)


def _place(span: Sequence[int], shape: VectorShape) -> dict[str, int]:
    return {"start": span[0], "end": span[1]} if shape.places else {}


def _dotted(schema: Schema) -> list[str]:
    return [name for name in (*schema.text, *schema.metadata) if "." in name]
