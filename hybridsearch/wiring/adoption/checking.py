"""Whether vectors that are there are what they are taken for, as far as some documents show it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.answer import answer
from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.given import NORM_TOLERANCE
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.cluster.found_fields import FoundField
from hybridsearch.engines.cluster.objects import value_at
from hybridsearch.engines.cluster.passages import passages_of, text_of
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.engines.cluster.similarity import FOR_UNITS
from hybridsearch.errors import EncoderMismatchError
from hybridsearch.model.schema import Schema

# Documents that are encoded to see whether vectors are an encoder's, and how near they then are at
# the least: rounding, other libraries and texts that were cut off elsewhere leave them nearer.
_LOOKED_AT: Final = 8
_NEAR: Final = 0.8


def judged(field: FoundField, samples: Sequence[Mapping[str, Any]]) -> FoundField:
    """A field without its vectors where their scores would say nothing of their directions."""
    if field.vector is None or field.vector.scale not in FOR_UNITS:
        return field
    lengths = [float(np.linalg.norm(row)) for row in _vectors(field, samples)]
    off = [length for length in lengths if abs(length - 1.0) > NORM_TOLERANCE]
    if not off:
        return field
    remark = (
        f"{field.remark}, and they are not of unit length (one has {off[0]:.4g}): scores would "
        "tell how long they are; cosine would not ask for their length"
    )
    return replace(field, vector=None, remark=remark)


def check_encoder_made(
    encoder: Encoder,
    name: str,
    schema: Schema,
    shape: Shape,
    samples: Sequence[Mapping[str, Any]],
) -> None:
    """Raises EncoderMismatchError where an encoder gives other vectors than a field has."""
    dense = schema.dense[name]
    texts: list[str] = []
    there: list[NDArray[np.float32]] = []
    for source in samples:
        text = text_of(source, name, schema)
        vectors = passages_of(source, schema, shape)[name].vectors
        if text.strip() and len(vectors) and len(texts) < _LOOKED_AT:
            texts.append(text)
            there.append(vectors)
    if not texts:
        return
    call = EncodeDocuments(texts, dense.window, dense.overlap)
    made = cast("EncodedDocuments", answer(encoder, [call])[0])
    nearness = [
        float((own @ other.T).max())
        for own, other in zip(made.vectors, there, strict=True)
        if len(own)
    ]
    median = float(np.median(nearness)) if nearness else 1.0
    if median < _NEAR:
        raise EncoderMismatchError(
            f"the vectors of {name} are not what {encoder.name!r} makes of "
            f"{' and '.join(dense.embeds)}: their cosine is {median:.2f} (median of "
            f"{len(nearness)} documents). Name the encoder that made them, or with embeds "
            "(--embeds) the text fields that they were made of"
        )


def _vectors(field: FoundField, samples: Sequence[Mapping[str, Any]]) -> list[NDArray[np.float64]]:
    if field.vector is None:
        return []
    found = []
    for source in samples:
        value = value_at(source, field.vector.vector)
        if value is not None:
            rows = value if isinstance(value[0], list) else [value]
            found += [np.array(row, dtype=np.float64) for row in rows]
    return found
