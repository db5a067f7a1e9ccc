"""One document against the schema: what to store, to index, to filter by and to encode."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from hybridsearch.encoding.given import accept
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.values import canonical
from hybridsearch.model.document import Document, as_document
from hybridsearch.model.embedded_text import embedded_text, field_text
from hybridsearch.model.schema import Schema

_TEXT_TYPES = str | int | float
_JSON = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A document that can be written once its texts in `to_encode` have vectors.

    text: by text field; metadata: canonical values by field; given: float32[n, dims] by vector
    field, where the caller brought them; to_encode: the text by vector field elsewhere.
    """

    id: str
    source: bytes
    text: Mapping[str, str]
    metadata: Mapping[str, tuple[Any, ...]]
    given: Mapping[str, NDArray[np.float32]]
    to_encode: Mapping[str, str]


def prepare(given: Any, schema: Schema, *, encodes: bool, normalise: bool = False) -> Prepared:
    """Check a document; raises DocumentError with the reason, the id and the field.

    encodes: whether there is an encoder for texts without vectors; normalise: whether vectors
    that are not of unit length are made so rather than refused.
    """
    document = as_document(given, schema.dense)
    text: dict[str, str] = {}
    metadata: dict[str, tuple[Any, ...]] = {}
    for name, value in document.fields.items():
        if name in schema.text:
            text[name] = _text(document.id, name, value)
        elif name in schema.metadata:
            metadata[name] = _metadata(document.id, name, value, schema)
        elif schema.unknown_fields == "reject" or not isinstance(name, str):
            raise DocumentError(
                "the schema does not know this field: add it to the schema, or keep unknown "
                'fields with unknown_fields="keep"',
                id=document.id,
                field=str(name),
            )
    vectors = _vectors(document, schema, normalise)
    to_encode: dict[str, str] = {}
    for name, dense in schema.dense.items():
        if name not in vectors:
            embedded = embedded_text(text, dense.embeds)
            if embedded.strip():
                to_encode[name] = embedded
    if not vectors and not any(value.strip() for value in text.values()):
        names = ", ".join(schema.text) or "its vector fields"
        raise DocumentError(
            f"it has no text in {names} and no vector, so nothing could find it", id=document.id
        )
    if to_encode and not encodes:
        raise DocumentError(
            "it has no vector and the index has no encoder: give one, or create the index "
            "with an encoder",
            id=document.id,
            field=next(iter(to_encode)),
        )
    return Prepared(document.id, _source(document), text, metadata, vectors, to_encode)


def _text(id: str, name: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, list | tuple) else (value,)
    wrong = next((p for p in parts if not (p is None or isinstance(p, _TEXT_TYPES))), None)
    if wrong is None:
        return field_text(value)
    kind = type(wrong).__name__ + (" within the list" if parts is value else "")
    raise DocumentError(
        f"text must be a string or a list of strings, not {kind}", id=id, field=name
    )


def _metadata(id: str, name: str, value: Any, schema: Schema) -> tuple[Any, ...]:
    try:
        return canonical(value, schema.metadata[name].type)
    except ValueError as error:
        raise DocumentError(str(error), id=id, field=name) from None


def _vectors(document: Document, schema: Schema, normalise: bool) -> dict[str, NDArray[np.float32]]:
    accepted = {}
    for name, vectors in document.vectors.items():
        field = schema.dense.get(name)
        if field is None or field.dims is None:
            known = ", ".join(schema.dense) or "none"
            raise DocumentError(
                f"the schema has no such vector field (known: {known})", id=document.id, field=name
            )
        accepted[name] = accept(
            vectors, dims=field.dims, id=document.id, field=name, normalise=normalise
        )
    return accepted


def _source(document: Document) -> bytes:
    try:
        return orjson.dumps(document.fields, option=_JSON)
    except (TypeError, ValueError) as error:
        raise DocumentError(f"its fields cannot be kept as JSON: {error}", id=document.id) from None
