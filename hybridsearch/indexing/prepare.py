"""One document against the schema: what to store, to index, to filter by and to encode."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping
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
from hybridsearch.model.document import Document
from hybridsearch.model.embedded_text import embedded_fields
from hybridsearch.model.field_values import texts_of
from hybridsearch.model.schema import DenseField, Schema
from hybridsearch.model.values import canonical
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
    _check(document, schema)
    vectors = _vectors(document, rules, units)
    to_encode: Mapping[str, str] = {}
    if len(vectors) < len(schema.dense):
        to_encode = _to_encode(document, vectors, rules)
    if not vectors and not any(
        value.strip() for value in texts_of(document.fields, schema).values()
    ):
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
    digest = _digest(document, vectors)
    made = WriteDocument(document.id, document.fields, vectors, digest, document.version, state)
    return made, to_encode


def _check(document: Document, schema: Schema) -> None:
    """Refuse values that are not of their field's type, and fields that have no place."""
    for name, value in document.fields.items():
        if name in schema.text:
            if value.__class__ is not str:
                _check_text(document.id, name, value)
        elif name in schema.metadata:
            try:
                canonical(value, schema.metadata[name].type)
            except ValueError as error:
                raise DocumentError(str(error), id=document.id, field=name) from None
        elif schema.unknown_fields == "reject" or not isinstance(name, str):
            raise DocumentError(
                "the schema does not know this field: add it to the schema, or keep unknown "
                'fields with unknown_fields="keep"',
                id=document.id,
                field=str(name),
            )


def _check_text(id: str, name: str, value: Any) -> None:
    parts = value if isinstance(value, list | tuple) else (value,)
    wrong = next((p for p in parts if not (p is None or isinstance(p, _TEXT_TYPES))), None)
    if any(isinstance(part, float) and not math.isfinite(part) for part in parts):
        # Tables have it in the place of a text that is missing.
        raise DocumentError(
            "NaN or infinity is no text: leave the field out instead", id=id, field=name
        )
    if wrong is not None:
        kind = type(wrong).__name__ + (" within the list" if parts is value else "")
        raise DocumentError(
            f"text must be a string or a list of strings, not {kind}", id=id, field=name
        )


def _vectors(document: Document, rules: Rules, units: Units) -> dict[str, PassageVectors]:
    """The vectors that it brings, as far as they are still those of its text."""
    schema, accepted = rules.schema, dict[str, PassageVectors]()
    for name, vectors in document.vectors.items():
        field = schema.dense.get(name)
        if field is None or field.dims is None:
            known = ", ".join(schema.dense) or "none"
            raise DocumentError(
                f"the schema has no such vector field (known: {known})", id=document.id, field=name
            )
        if name.__class__ is not str:
            raise DocumentError(
                "a field's name must be a plain string", id=document.id, field=str.__str__(name)
            )
        unit = units.get(name)
        if isinstance(unit, DocumentError):
            raise unit
        if unit is not None:
            accepted[name] = PassageVectors(_places(unit, document, field), unit)
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
        if not placed:
            accepted[name] = PassageVectors(_places(rows, document, field), rows)
        elif (kept := _kept_up(_plain(vectors, rows), name, document, rules)) is not None:
            accepted[name] = kept
    return accepted


def _plain(passages: PassageVectors, rows: NDArray[np.float32]) -> PassageVectors:
    """The same in arrays as engines take them, which an index's own are; rows: its vectors so."""
    given: Any = passages.vectors
    spans: Any = passages.spans
    alike = isinstance(given, np.ndarray) and given.dtype == np.float32 and given.ndim == 2
    if alike and given.flags.c_contiguous and isinstance(spans, np.ndarray):
        return passages
    spans = np.asarray(spans, dtype=np.int32)
    return PassageVectors(spans, np.ascontiguousarray(given) if alike else rows, passages.digest)


def _kept_up(
    passages: PassageVectors, name: str, document: Document, rules: Rules
) -> PassageVectors | None:
    """Passages with their places, which are an index's own and stay bit for bit what they are. None
    where they were encoded from another text or by another encoder, if they can be encoded again;
    if not, those of another text stay as given ones do."""
    if not passages.digest:
        return passages
    field = rules.schema.dense[name]
    embedded = embedded_fields(document.fields, field.embeds)
    expected = vectors_digest(embedded, field.window, field.overlap, rules.encoder)
    if rules.encodes and passages.digest != expected:
        return None
    if same_text(passages.digest, expected):
        return passages
    return PassageVectors(_places(passages.vectors, document, field), passages.vectors)


def _to_encode(document: Document, vectors: Container[str], rules: Rules) -> dict[str, str]:
    """By vector field without vectors, the text that it embeds."""
    return {
        name: embedded
        for name, dense in rules.schema.dense.items()
        if name not in vectors
        and (embedded := embedded_fields(document.fields, dense.embeds)).strip()
    }


def _places(
    vectors: NDArray[np.float32], document: Document, field: DenseField
) -> NDArray[np.int32]:
    """A single given vector stands for the whole text; of several, the places are not known."""
    total = len(embedded_fields(document.fields, field.embeds)) if len(vectors) == 1 else 0
    return _whole(total) if total else np.full((len(vectors), 2), -1, dtype=np.int32)


@lru_cache(maxsize=10_000)
def _whole(length: int) -> NDArray[np.int32]:
    places = np.array([[0, length]], dtype=np.int32)
    places.flags.writeable = False
    return places


def _digest(document: Document, vectors: Mapping[str, PassageVectors]) -> str | None:
    try:
        return document_digest(document.fields, vectors)
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
