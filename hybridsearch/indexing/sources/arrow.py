"""Arrow files, also called Feather, and Arrow streams, mapped and read batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hybridsearch.dependency import require
from hybridsearch.errors import SourceError
from hybridsearch.indexing.sources.columns import arrow, documents
from hybridsearch.indexing.sources.identity import id_column
from hybridsearch.indexing.sources.source import CountedReading, RecordStream


def read_arrow(path: Path, id: str | None) -> tuple[RecordStream, CountedReading]:
    """The documents of a file or stream and how far their reading is; raises SourceError,
    MissingDependencyError."""
    with _opened(path) as (_, reader):
        placed = hasattr(reader, "num_record_batches")
        reading = CountedReading(reader.num_record_batches if placed else path.stat().st_size)
        column = id_column(reader.schema.names, id, path.name)
    return _records(path, column, reading), reading


def _records(path: Path, column: str, reading: CountedReading) -> RecordStream:
    with _opened(path) as (file, reader):
        yield from documents(_batches(file, reader, reading), path.name, column)


def _batches(file: Any, reader: Any, reading: CountedReading) -> Iterator[Any]:
    if hasattr(reader, "num_record_batches"):
        for number in range(reader.num_record_batches):
            yield reader.get_batch(number)
            reading.done = number + 1
        return
    for batch in reader:
        yield batch
        reading.done = file.tell()
    reading.done = file.size()


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """The mapped bytes, and the reader of a file, whose end says where its batches are, or of a
    stream, which has no such end."""
    pa = arrow()
    ipc = require("pyarrow.ipc", "reading Arrow files", extra="parquet")
    try:
        with pa.memory_map(str(path)) as file:
            try:
                reader = ipc.open_file(file)
            except pa.ArrowInvalid:
                file.seek(0)
                reader = ipc.open_stream(file)
            yield file, reader
    except (pa.ArrowException, OSError) as error:
        raise SourceError(f"{path} cannot be read as Arrow: {error}") from error
