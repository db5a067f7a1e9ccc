"""Batches of columns as documents: vectors as views of their numbers, the rest as plain values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Any, Final

from hybridsearch.dependency import require
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.identity import identified
from hybridsearch.indexing.sources.plain import plain

ROWS_AT_ONCE: Final = 1000


def arrow() -> Any:
    """The package pyarrow; raises MissingDependencyError."""
    return require("pyarrow", "reading Parquet and Arrow files", extra="parquet")


def documents(batches: Iterable[Any], place: str, id: str) -> Iterator[Located]:
    """One document a row, the column `id` as its id; nulls are left out."""
    number = 0
    for whole in batches:
        for begin in range(0, len(whole), ROWS_AT_ONCE):
            batch = whole.slice(begin, ROWS_AT_ONCE)
            values = [_values(column) for column in batch.columns]
            for row in zip(*values, strict=True):
                number += 1
                fields = {
                    name: value
                    for name, value in zip(batch.schema.names, row, strict=True)
                    if value is not None
                }
                yield Located(f"{place} row {number}", identified(fields, id))


def _values(column: Any) -> list[Any]:
    """The values of a column, row by row; a list of floats is a numpy view of them."""
    pa = arrow()
    if isinstance(column, pa.ExtensionArray):
        column = column.storage
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_timestamp(column.type):
        # What lies below a microsecond has no place in a date, here as in Python.
        column = column.cast(pa.timestamp("us", column.type.tz), safe=False)
    if _is_list(column.type) and _holds_floats(column.type.value_type):
        return _rows(column)
    return [plain(value) for value in column.to_pylist()]


def _rows(column: Any) -> list[Any]:
    """Each list as an array; of lists within, a matrix where they are of one length."""
    pa = arrow()
    if _is_list(column.type.value_type):
        return [_matrix(row.values) if row.is_valid else None for row in column]
    numbers = column.values.to_numpy(zero_copy_only=False)
    if pa.types.is_fixed_size_list(column.type):
        width = column.type.list_size
        starts = range(column.offset * width, (column.offset + len(column)) * width, width)
        bounds = [(start, start + width) for start in starts]
    else:
        bounds = list(pairwise(column.offsets.to_pylist()))
    valid = column.is_valid().to_pylist()
    return [
        numbers[start:end] if there else None
        for (start, end), there in zip(bounds, valid, strict=True)
    ]


def _matrix(rows: Any) -> Any:
    """The rows of one document as a matrix, or as a list where they differ in length."""
    parts = _rows(rows)
    widths = {-1 if part is None else len(part) for part in parts}
    if len(widths) != 1 or -1 in widths:
        return [None if part is None else part.tolist() for part in parts]
    numbers = rows.flatten().to_numpy(zero_copy_only=False)
    return numbers.reshape(len(parts), -1)


def _is_list(type: Any) -> bool:
    types = arrow().types
    return bool(types.is_list(type) or types.is_large_list(type) or types.is_fixed_size_list(type))


def _holds_floats(type: Any) -> bool:
    if _is_list(type):
        type = type.value_type
    return bool(arrow().types.is_floating(type))
