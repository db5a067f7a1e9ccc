"""Parquet files, read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsearch.dependency import require
from hybridsearch.errors import SourceError
from hybridsearch.indexing.sources.columns import ROWS_AT_ONCE, arrow, documents
from hybridsearch.indexing.sources.identity import id_column
from hybridsearch.indexing.sources.source import CountedReading, RecordStream


def read_parquet(path: Path, id: str | None) -> tuple[RecordStream, CountedReading]:
    """The documents of a file and how far their reading is; raises SourceError,
    MissingDependencyError."""
    with _opened(path) as file:
        reading = CountedReading(file.metadata.num_rows)
        column = id_column(file.schema_arrow.names, id, path.name)
    return _records(path, column, reading), reading


def _records(path: Path, column: str, reading: CountedReading) -> RecordStream:
    with _opened(path) as file:
        yield from documents(_batches(file, reading), path.name, column)


def _batches(file: Any, reading: CountedReading) -> Iterator[Any]:
    for batch in file.iter_batches(batch_size=ROWS_AT_ONCE):
        yield batch
        reading.done += len(batch)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    pa = arrow()
    parquet = require("pyarrow.parquet", "reading Parquet files", extra="parquet")
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} cannot be read as Parquet: {error}") from error
