"""CSV: one document a row, fields named by the first row; tab-separated where the name says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from hybridsearch.errors import SourceError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.bytes import Reading, open_bytes

_LONGEST_CELL = 1 << 30


def read_csv(path: Path, reading: Reading) -> Iterator[Located | Unreadable]:
    """The documents of a file; empty cells are left out. Raises SourceError for no header."""
    delimiter = "\t" if ".tsv" in path.suffixes else ","
    # The module's own limit of 128 KB a cell is no limit of documents.
    csv.field_size_limit(_LONGEST_CELL)
    with open_bytes(path, reading) as file:
        # Bytes that are not UTF-8 become lone surrogates, so that one bad row stays one bad row.
        text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
        rows = csv.reader(text, delimiter=delimiter, strict=True)
        try:
            header = _header(path, next(rows, []))
            for row in rows:
                if row:
                    yield _record(f"{path.name}:{rows.line_num}", header, row)
        except csv.Error as error:
            raise SourceError(
                f"{path}:{rows.line_num}: {error}: look for a quote that is not closed, and "
                "write a quote within quotes twice"
            ) from error
        finally:
            text.detach()


def _header(path: Path, row: list[str]) -> list[str]:
    if not {"id", "_id"} & set(row):
        raise SourceError(
            f"{path}: the first row must name the columns, one of them 'id' (or '_id'); "
            f"found {', '.join(row) or 'nothing'}"
        )
    again = next((name for at, name in enumerate(row) if name in row[:at]), None)
    if again is not None:
        raise SourceError(f"{path}: the first row names the column {again!r} twice: rename one")
    return row


def _record(place: str, header: list[str], row: list[str]) -> Located | Unreadable:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        shown = _written(row).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        reason = "the row is not UTF-8: convert the file, for example with iconv"
        return Unreadable(place, reason, shown)
    if len(row) != len(header):
        reason = f"the row has {len(row)} cells where the header names {len(header)} columns"
        return Unreadable(place, reason, _written(row))
    cells = zip(header, row, strict=True)
    return Located(
        place, {name: cell for name, cell in cells if cell != "" or name in {"id", "_id"}}
    )


def _written(row: list[str]) -> str:
    """The row as a line of CSV again."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
