"""Documents checked by columns, where many have the same fields and plain values.

Whatever is not plain, or does not pass, is left to be checked one by one (`prepare.py`), which says
what is wrong with which document.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.given import accept_many
from hybridsearch.engines.sheets import Sheet
from hybridsearch.indexing.document_digest import document_digests
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.units import is_single
from hybridsearch.model.document import Document
from hybridsearch.model.embedded_text import embedded_fields
from hybridsearch.model.operation import Operation
from hybridsearch.model.schema import LONGEST_KEYWORD_BYTES, FieldType, Schema
from hybridsearch.model.values import canonical

# So many at a time: what is made of them stays in the processor's cache.
_AT_ONCE: Final = 64
# With fewer there is nothing to gain.
_FEWEST: Final = 8
_MOST_BYTES_A_CHARACTER: Final = 4


def sheets_of(operations: Sequence[Operation], rules: Rules) -> Iterator[tuple[list[int], Sheet]]:
    """Those of a stretch that can be checked by columns, and their rows."""
    for begin in range(0, len(operations), _AT_ONCE):
        forms: dict[tuple[Any, ...], list[int]] = {}
        for row, one in enumerate(operations[begin : begin + _AT_ONCE], start=begin):
            if one.__class__ is Document and one.version is None and one.fields.__class__ is dict:
                forms.setdefault((*one.fields, None, *one.vectors), []).append(row)
        for rows in forms.values():
            if len(rows) >= _FEWEST:
                sheet = _sheet([operations[row] for row in rows], rules)
                if sheet is not None:
                    yield rows, sheet


def _sheet(documents: Sequence[Any], rules: Rules) -> Sheet | None:
    schema, first = rules.schema, documents[0]
    names, fields = tuple(first.fields), tuple(first.vectors)
    # Names that are equal need not be plain: an enum's member is equal to its text.
    named = chain.from_iterable(part for one in documents for part in (one.fields, one.vectors))
    if not fields or set(fields) != set(schema.dense) or set(map(type, named)) != {str}:
        return None
    columns = list(zip(*(one.fields.values() for one in documents), strict=True))
    if not all(
        _is_plain(name, column, schema) for name, column in zip(names, columns, strict=True)
    ):
        return None
    vectors: dict[str, NDArray[np.float32]] = {}
    for name in fields:
        given = [one.vectors[name] for one in documents]
        dims = schema.dense[name].dims
        if dims is None or not all(map(is_single, given)):
            return None
        vectors[name], reasons = accept_many(given, dims=dims, normalise=rules.normalise)
        if reasons:
            return None
    try:
        digests = document_digests(names, columns, vectors)
    except (TypeError, ValueError):
        return None
    spans = {name: _spans(documents, schema.dense[name].embeds) for name in fields}
    ids = [one.id for one in documents]
    return Sheet(ids, names, columns, vectors, spans, digests)


def _is_plain(name: str, column: Sequence[Any], schema: Schema) -> bool:
    """Whether all values are what their field wants as they are."""
    kinds = set(map(type, column))
    if name in schema.text:
        return kinds == {str}
    return name in schema.metadata and _PLAIN[schema.metadata[name].type](kinds, column)


def _are_finite(column: Sequence[float]) -> bool:
    try:
        return all(map(math.isfinite, column))
    except OverflowError:  # a whole number that is larger than any float
        return False


def _are_moments(column: Sequence[str]) -> bool:
    try:
        for value in column:
            canonical(value, "date")
    except ValueError:
        return False
    return True


_PLAIN: Final[Mapping[FieldType, Any]] = {
    "keyword": lambda kinds, column: (
        kinds == {str} and max(map(len, column)) * _MOST_BYTES_A_CHARACTER <= LONGEST_KEYWORD_BYTES
    ),
    "integer": lambda kinds, column: (
        kinds == {int} and min(column) >= -(2**63) and max(column) < 2**63
    ),
    "float": lambda kinds, column: kinds <= {float, int} and _are_finite(column),
    "boolean": lambda kinds, _: kinds == {bool},
    "date": lambda kinds, column: kinds == {str} and _are_moments(column),
}


def _spans(documents: Sequence[Document], embeds: Sequence[str]) -> NDArray[np.int32]:
    """All of the text; where there is none, no place is known."""
    lengths = [len(embedded_fields(one.fields, embeds)) for one in documents]
    spans = np.zeros((len(lengths), 2), np.int32)
    spans[:, 1] = lengths
    spans[spans[:, 1] == 0] = -1
    return spans
