"""The text that a vector field embeds: its text fields, joined; and the way back to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from hybridsearch.model.response import Span

_BETWEEN = "\n"


def embedded_text(text: Mapping[str, str], embeds: Sequence[str]) -> str:
    """The fields that have text, in order, each on a line of its own."""
    return _BETWEEN.join(text[name] for name in embeds if text.get(name))


def embedded_fields(fields: Mapping[str, Any], embeds: Sequence[str]) -> str:
    """The same of fields as stored, whose values may be lists."""
    return _BETWEEN.join([text for name in embeds if (text := field_text(fields.get(name)))])


def spans_of(
    fields: Mapping[str, Any], embeds: Sequence[str], start: int, end: int
) -> tuple[str, tuple[Span, ...]]:
    """The passage from `start` to `end` of the embedded text: its text, and its spans by field.

    fields: as stored; a list of strings counts as its lines.
    """
    text = {name: field_text(fields.get(name)) for name in embeds}
    spans = []
    begin = 0
    for name in embeds:
        length = len(text[name])
        if not length:
            continue
        first, last = max(start, begin), min(end, begin + length)
        if first < last:
            spans.append(Span(name, first - begin, last - begin))
        begin += length + len(_BETWEEN)
    return embedded_text(text, embeds)[start:end], tuple(spans)


def field_text(value: Any) -> str:
    """A text field's value as one string: lists are joined by lines, numbers are written out."""
    if value.__class__ is str:  # most of all values
        return value
    if value is None:
        return ""
    if isinstance(value, str):
        return str.__str__(value)  # what is kept of an enum, say, whose own text is its name
    if isinstance(value, list | tuple):
        return _BETWEEN.join(field_text(part) for part in value)
    return str(value)
