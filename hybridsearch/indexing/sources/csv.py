"""CSV: one document a row, fields named by the first row; tab-separated where the name says so."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from hybridsearch.errors import SourceError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.bytes import FileReading, open_bytes
from hybridsearch.indexing.sources.identity import OWN, identified

if TYPE_CHECKING:
    from _csv import Reader

_LONGEST_CELL = 1 << 30


def read_csv(
    path: Path, reading: FileReading, id: str | None = None
) -> Iterator[Located | Unreadable]:
    """The documents of a file; empty cells are left out. id: the column that holds the ids.

    A row with a wrong quote is unreadable and the next line begins a row again. Raises SourceError
    for no header, and for a quote that is open at the end of the file.
    """
    delimiter = "\t" if ".tsv" in map(str.lower, path.suffixes) else ","
    # The module's own limit of 128 KB a cell is no limit of documents.
    csv.field_size_limit(_LONGEST_CELL)
    with open_bytes(path, reading) as file:
        # Bytes that are not UTF-8 become lone surrogates, so that one bad row stays one bad row.
        text = io.TextIOWrapper(file, "utf-8-sig", errors="surrogateescape", newline="")
        lines = _Lines(text)
        rows = csv.reader(lines, delimiter=delimiter, strict=True)
        try:
            header = _header(path, _first(path, rows), id)
            lines.held.clear()
            while (row := _next(rows, path, lines)) is not None:
                if isinstance(row, Unreadable):
                    yield row
                elif row:
                    yield _record(f"{path.name}:{rows.line_num}", header, row, id)
                lines.held.clear()
        finally:
            text.detach()


class _Lines:
    """The lines of a table, holding on to those of the row that is being read."""

    def __init__(self, text: Iterable[str]) -> None:
        self._lines = iter(text)
        self.held: list[str] = []
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            line = next(self._lines)
        except StopIteration:
            self.ended = True
            raise
        self.held.append(line)
        return line


def _first(path: Path, rows: Reader) -> list[str]:
    try:
        return next(rows, [])
    except csv.Error as error:
        raise SourceError(f"{path}:{rows.line_num}: {_wrong_quote(error)}") from error


def _next(rows: Reader, path: Path, lines: _Lines) -> list[str] | Unreadable | None:
    try:
        return next(rows, None)
    except csv.Error as error:
        if lines.ended:
            begin = rows.line_num - len(lines.held) + 1
            raise SourceError(
                f"{path}:{begin}: {_wrong_quote(error)}; the row that begins here reaches to the "
                "end of the file"
            ) from error
        raw = "".join(lines.held).rstrip("\r\n")
        return Unreadable(f"{path.name}:{rows.line_num}", _wrong_quote(error), _shown(raw))


def _wrong_quote(error: csv.Error) -> str:
    return f"{error}: look for a quote that is not closed, and write a quote within quotes twice"


def _header(path: Path, row: list[str], id: str | None) -> list[str]:
    if not _is_text(row):
        raise SourceError(f"{path} is not UTF-8: convert the file, for example with iconv")
    if not set(OWN if id is None else (id,)) & set(row):
        wanted = "'id' (or '_id'; or name it with --id COLUMN)" if id is None else repr(id)
        raise SourceError(
            f"{path}: the first row must name the columns, one of them {wanted}; "
            f"found {', '.join(row) or 'nothing'}"
        )
    again = next((name for at, name in enumerate(row) if name in row[:at]), None)
    if again is not None:
        raise SourceError(f"{path}: the first row names the column {again!r} twice: rename one")
    return row


def _record(place: str, header: list[str], row: list[str], id: str | None) -> Located | Unreadable:
    if not _is_text(row):
        reason = "the row is not UTF-8: convert the file, for example with iconv"
        return Unreadable(place, reason, _shown(_written(row)))
    if len(row) != len(header):
        reason = f"the row has {len(row)} cells where the header names {len(header)} columns"
        return Unreadable(place, reason, _written(row))
    cells = zip(header, row, strict=True)
    kept = {name: cell for name, cell in cells if cell != "" or name in {*OWN, id}}
    return Located(place, kept if id is None else identified(kept, id))


def _is_text(row: list[str]) -> bool:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return False
    return True


def _shown(text: str) -> str:
    """Bytes that were not UTF-8 as replacement characters."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _written(row: list[str]) -> str:
    """The row as a line of CSV again."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
