"""What the fields of a document mean by its schema: its text, and its metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridsearch.model.embedded_text import field_text
from hybridsearch.model.schema import Schema
from hybridsearch.model.values import canonical


def texts_of(fields: Mapping[str, Any], schema: Schema) -> dict[str, str]:
    """By text field, its value as one string."""
    return {name: field_text(value) for name, value in fields.items() if name in schema.text}


def metadata_of(fields: Mapping[str, Any], schema: Schema) -> dict[str, tuple[Any, ...]]:
    """By metadata field, its canonical values; raises ValueError for a value that is not of the
    field's type."""
    known = schema.metadata
    return {
        name: canonical(value, known[name].type) for name, value in fields.items() if name in known
    }
