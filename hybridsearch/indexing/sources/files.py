"""Files: JSON lines, tables, Parquet and Arrow by their endings; BEIR folders; standard input."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from hybridsearch.errors import SourceError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.arrow import read_arrow
from hybridsearch.indexing.sources.beir import corpus_file, read_corpus
from hybridsearch.indexing.sources.bytes import FileReading
from hybridsearch.indexing.sources.csv import read_csv
from hybridsearch.indexing.sources.identity import identified
from hybridsearch.indexing.sources.jsonl import read_jsonl
from hybridsearch.indexing.sources.parquet import read_parquet
from hybridsearch.indexing.sources.source import RecordStream, Source, SourceOptions

STDIN: Final = "-"
_PACKED: Final = frozenset({".gz", ".zst"})
_LINES: Final = frozenset({".jsonl", ".ndjson", ".json"})
_TABLES: Final = frozenset({".csv", ".tsv"})
_COLUMNS: Final = {".parquet": read_parquet, ".arrow": read_arrow, ".feather": read_arrow}


def open_file(location: str, options: SourceOptions) -> Source:
    """The source of a file, a folder or `-`; raises SourceError."""
    options.without_query()
    if location == STDIN:
        records = _identified(read_jsonl(None, FileReading(None)), options.id)
        return Source(location, records, FileReading(None))
    path = _found(Path(location))
    found = path.stat()
    state = f"{path.name}: {found.st_size} bytes, {found.st_mtime_ns}"
    if options.id is not None:  # records with other ids are other documents
        state += f", ids from {options.id}"
    kind = _kind(path)
    reading = FileReading(found.st_size)
    if kind in _COLUMNS:
        records, rows = _COLUMNS[kind](path, options.id)
        return Source(location, records, rows, size=found.st_size, state=state)
    if kind in _TABLES:
        records = read_csv(path, reading, options.id)
    elif kind in _LINES:
        read = read_corpus if path.name.startswith("corpus.jsonl") else read_jsonl
        records = _identified(read(path, reading), options.id)
    else:
        raise SourceError(
            f"{path}: unknown kind of file: give .jsonl or .csv (also .gz, .zst), .parquet or "
            ".arrow, a BEIR folder, or - for JSON lines on standard input"
        )
    return Source(location, records, reading, kind in _TABLES, found.st_size, state)


def _identified(records: RecordStream, id: str | None) -> RecordStream:
    """The records, with this field of theirs as the id."""
    for record in records:
        if id is not None and isinstance(record, Located):
            yield Located(record.place, identified(record.document, id))
        else:
            yield record


def _found(path: Path) -> Path:
    try:
        path.stat()
    except FileNotFoundError:
        raise SourceError(f"there is no file {path}") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {error.strerror}") from error
    if path.is_dir():
        corpus = corpus_file(path)
        if corpus is None:
            raise SourceError(f"the folder {path} has no corpus.jsonl (.gz, .zst): name a file")
        return corpus
    return path


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes = suffixes[:-1]
    return suffixes[-1] if suffixes else ""
