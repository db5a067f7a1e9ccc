"""A source by its name: a file, a BEIR folder, or `-` for JSON lines on standard input."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from hybridsearch.errors import SourceError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.beir import corpus_file, read_corpus
from hybridsearch.indexing.sources.bytes import Reading
from hybridsearch.indexing.sources.csv import read_csv
from hybridsearch.indexing.sources.jsonl import read_jsonl

STDIN = "-"
_PACKED = {".gz", ".zst"}
_LINES = {".jsonl", ".ndjson", ".json"}
_TABLES = {".csv", ".tsv"}

RecordStream: TypeAlias = Iterator[Located | Unreadable]


@dataclass(frozen=True, eq=False)
class Source:
    """Records to read, and how far the reading is. `untyped`: every value is text (CSV)."""

    name: str
    records: RecordStream
    reading: Reading
    untyped: bool


def open_sources(names: Sequence[str]) -> Source:
    """All sources, one after the other; raises SourceError before anything is read."""
    paths = [None if name == STDIN else _file(Path(name)) for name in names]
    sizes = [path.stat().st_size for path in paths if path is not None]
    reading = Reading(None if None in paths else sum(sizes))
    untyped = bool(paths) and all(path is not None and _is_table(path) for path in paths)
    return Source(", ".join(names), _records(paths, reading), reading, untyped)


def _records(paths: Sequence[Path | None], reading: Reading) -> RecordStream:
    for path in paths:
        if path is None:
            yield from read_jsonl(None, reading)
        elif _is_table(path):
            yield from read_csv(path, reading)
        elif path.name.startswith("corpus.jsonl"):
            yield from read_corpus(path, reading)
        else:
            yield from read_jsonl(path, reading)


def _file(path: Path) -> Path:
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
    if _kind(path) not in _LINES | _TABLES:
        raise SourceError(
            f"{path}: unknown kind of file: give .jsonl or .csv (also .gz, .zst), a BEIR folder, "
            "or - for JSON lines on standard input"
        )
    return path


def _kind(path: Path) -> str:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    if suffixes and suffixes[-1] in _PACKED:
        suffixes = suffixes[:-1]
    return suffixes[-1] if suffixes else ""


def _is_table(path: Path) -> bool:
    return _kind(path) in _TABLES
