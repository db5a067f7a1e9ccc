"""One document against the schema: what to store, to index, to filter by and to encode."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.digest import same_text, vectors_digest
from hybridsearch.encoding.given import accept
from hybridsearch.engines.calls import PassageVectors, WriteDocument
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.document_digest import document_digest
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.units import Units
from hybridsearch.indexing.values import canonical
from hybridsearch.model.document import Document
from hybridsearch.model.embedded_text import embedded_text, field_text
from hybridsearch.model.schema import DenseField, Schema
from hybridsearch.model.written_fields import canonical_json

_NONE: Units = {}
_TEXT_TYPES = str | int | float


def prepare(
    document: Document, rules: Rules, units: Units = _NONE, state: Any = None
) -> tuple[WriteDocument, Mapping[str, str]]:
    """Check a document; raises DocumentError with the reason, the id and the field.

    units: those of its vectors that have been checked; state: that the stored document has to be
    in. Returns it with the vectors that the caller brought, and by vector field the texts that are
    to be encoded for the others.
    """
    schema = rules.schema
    text, metadata = _fields(document, schema)
    vectors = _vectors(document, rules, text, units)
    _keep_up(vectors, text, rules)
    to_encode = {
        name: embedded
        for name, dense in schema.dense.items()
        if name not in vectors and (embedded := embedded_text(text, dense.embeds)).strip()
    }
    if not vectors and not any(value.strip() for value in text.values()):
        names = ", ".join(schema.text) or "its vector fields"
        raise DocumentError(
            f"it has no text in {names} and no vector, so nothing could find it", id=document.id
        )
    if to_encode and not rules.encodes:
        raise DocumentError(
            "it has no vector and the index has no encoder: give one, or create the index "
            "with an encoder",
            id=document.id,
            field=next(iter(to_encode)),
        )
    made = WriteDocument(
        document.id,
        document.fields,
        text,
        metadata,
        vectors,
        document_digest(_canonical(document), vectors),
        document.version,
        state,
    )
    return made, to_encode


def _fields(
    document: Document, schema: Schema
) -> tuple[dict[str, str], dict[str, tuple[Any, ...]]]:
    """Its text, and its metadata in canonical values."""
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
    return text, metadata


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


def _vectors(
    document: Document, rules: Rules, text: Mapping[str, str], units: Units
) -> dict[str, PassageVectors]:
    schema, accepted = rules.schema, {}
    for name, vectors in document.vectors.items():
        field = schema.dense.get(name)
        if field is None or field.dims is None:
            known = ", ".join(schema.dense) or "none"
            raise DocumentError(
                f"the schema has no such vector field (known: {known})", id=document.id, field=name
            )
        unit = units.get(name)
        if isinstance(unit, DocumentError):
            raise unit
        if unit is not None:
            accepted[name] = PassageVectors(_places(unit, text, field), unit)
            continue
        placed = isinstance(vectors, PassageVectors)
        given = vectors.vectors if placed else vectors
        rows = accept(given, dims=field.dims, id=document.id, field=name, normalise=rules.normalise)
        if placed and np.shape(vectors.spans) != (len(rows), 2):
            raise DocumentError(
                f"{len(rows)} passages need as many places, an array of shape ({len(rows)}, 2), "
                f"not of shape {np.shape(vectors.spans)}",
                id=document.id,
                field=name,
            )
        # Passages with their places are an index's own: they stay bit for bit what they are.
        accepted[name] = vectors if placed else PassageVectors(_places(rows, text, field), rows)
    return accepted


def _keep_up(vectors: dict[str, PassageVectors], text: Mapping[str, str], rules: Rules) -> None:
    """Vectors that were encoded from another text or by another encoder go. Where nothing can be
    encoded they stay: those of another text as given ones do."""
    for name, passages in list(vectors.items()):
        if not passages.digest:
            continue
        field = rules.schema.dense[name]
        embedded = embedded_text(text, field.embeds)
        expected = vectors_digest(embedded, field.window, field.overlap, rules.encoder)
        if rules.encodes and passages.digest != expected:
            del vectors[name]
        elif not same_text(passages.digest, expected):
            rows = passages.vectors
            vectors[name] = PassageVectors(_places(rows, text, field), rows)


def _places(
    vectors: NDArray[np.float32], text: Mapping[str, str], field: DenseField
) -> NDArray[np.int32]:
    """A single given vector stands for the whole text; of several, the places are not known."""
    total = 0
    if len(vectors) == 1:
        lengths = [len(text[name]) for name in field.embeds if text.get(name)]
        total = sum(lengths) + max(len(lengths) - 1, 0)
    return _whole(total) if total else np.full((len(vectors), 2), -1, dtype=np.int32)


@lru_cache(maxsize=10_000)
def _whole(length: int) -> NDArray[np.int32]:
    places = np.array([[0, length]], dtype=np.int32)
    places.flags.writeable = False
    return places


def _canonical(document: Document) -> bytes:
    try:
        return canonical_json(document.fields)
    except (TypeError, ValueError) as error:
        raise DocumentError(
            f"it cannot be kept as JSON ({error}): leave it out, or give it as text or a number",
            id=document.id,
            field=next((name for name in document.fields if not _is_kept(document, name)), None),
        ) from None


def _is_kept(document: Document, name: str) -> bool:
    try:
        canonical_json({name: document.fields[name]})
    except (TypeError, ValueError):
        return False
    return True
