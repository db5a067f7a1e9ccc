"""Guessing a schema from the first documents of a source."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from hybridsearch.errors import SchemaError
from hybridsearch.model.document import Document
from hybridsearch.model.schema import RESERVED, Analyzer, FieldType, Schema, usable_name
from hybridsearch.model.written_vectors import unwritten

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?")
# Leading zeros are no number: postcodes and article numbers look like that.
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_FLOAT = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?")
_TEXT_NAMES = frozenset({"title", "text", "body", "content", "description", "abstract", "name"})


def infer_schema(
    documents: Iterable[Any], *, analyzer: Analyzer, sample: int, untyped: bool = False
) -> Schema:
    """Text where strings are long or varied, keyword where they repeat, and so on.

    Only the first `sample` documents are read. Fields whose values fit no type, or several, are
    left out of the schema and kept unindexed. Raises SchemaError when no text field is found.
    """
    count, values, widths = _sampled(islice(documents, sample))
    text: list[str] = []
    metadata: dict[str, Any] = {}
    vectors: list[str] = []
    for name, held in values.items():
        written = _written_vectors(held)
        if written is not None:
            widths[name] = {len(row) for row in written}
        numbers = held if written is None else [number for row in written for number in row]
        kind = _guess(name, numbers, count, untyped)
        if kind == "text":
            text.append(name)
        elif kind == "vector":
            vectors.append(name)
        elif kind is not None:
            metadata[name] = kind
    if not text and not vectors:
        raise SchemaError(
            f"no text field found in the first {count} documents: give a schema, for example "
            'Schema(text=["title", "body"])'
        )
    text.sort(key=lambda name: name != "title")
    dense: dict[str, Any] | None = {
        name: {"embeds": text, "dims": widths[name].pop() if len(widths[name]) == 1 else None}
        for name in vectors[:1]
    } or None
    return Schema(
        text=dict.fromkeys(text, analyzer),
        metadata=metadata,
        dense=dense,
    )


def _sampled(
    documents: Iterable[Any],
) -> tuple[int, dict[str, list[Any]], dict[str, set[int]]]:
    """How many documents there are; by field, the values, lists taken apart, and the lengths
    that its lists have, or the lists within them."""
    widths: dict[str, set[int]] = {}
    values: dict[str, list[Any]] = {}
    count = 0
    for given in documents:
        fields = given.fields if isinstance(given, Document) else given
        if not isinstance(fields, Mapping):
            continue
        count += 1
        for name, value in fields.items():
            if not isinstance(name, str) or name in RESERVED or not usable_name(name):
                continue
            held = value.tolist() if hasattr(value, "tolist") else value
            held = held if isinstance(held, list | tuple) else [held]
            rows = [held]
            if held and isinstance(held[0], list | tuple):
                rows = [row if isinstance(row, list | tuple) else [row] for row in held]
                held = [part for row in rows for part in row]
            if value is not None:
                widths.setdefault(name, set()).update(len(row) for row in rows)
            values.setdefault(name, []).extend(v for v in held if v is not None and v != "")
    return count, values, widths


def _written_vectors(held: list[Any]) -> list[list[float]] | None:
    """The numbers of a field whose values are all vectors that are written as text."""
    if not all(isinstance(value, str) and value.startswith("[") for value in held):
        return None
    rows = [unwritten(value) for value in held]
    return None if any(isinstance(row, str) for row in rows) else rows


def _guess(  # noqa: PLR0911 - one for each kind of value
    name: str, held: list[Any], documents: int, untyped: bool
) -> FieldType | str | None:
    if not held:
        return None
    if all(isinstance(v, bool) for v in held):
        return "boolean"
    if all(isinstance(v, int | float) and not isinstance(v, bool) for v in held):
        if len(held) >= 16 * max(documents, 1):
            return "vector"
        return "integer" if all(isinstance(v, int) for v in held) else "float"
    if not all(isinstance(v, str) for v in held):
        return None
    if all(_DATE.fullmatch(v) for v in held):
        return "date"
    if untyped and all(_INTEGER.fullmatch(v) for v in held):
        return "integer"
    if untyped and all(_FLOAT.fullmatch(v) for v in held):
        return "float"
    mean = sum(map(len, held)) / len(held)
    spaced = sum(" " in v.strip() for v in held) / len(held)
    if name.lower() in _TEXT_NAMES or mean > 60 or (spaced > 0.5 and mean > 25):
        return "text"
    return "keyword"
