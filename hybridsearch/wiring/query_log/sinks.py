"""Where records of the query log go: a file of JSON lines, or an index on a server."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import orjson

from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.log_index import append_records
from hybridsearch.errors import ConfigurationError
from hybridsearch.model.open_files import is_cut
from hybridsearch.model.target import Target

Record: TypeAlias = Mapping[str, Any]


class Sink(Protocol):
    """Takes records for good; `write` is called from one thread."""

    def write(self, records: Sequence[Record]) -> int:
        """Write records; returns how many were refused. Raises where none could be written."""

    def close(self) -> None:
        """Release files and connections."""


class JsonLines:
    """A file to which records are appended, one JSON a line; it may be moved away at any time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            os.close(self._opened())
        except OSError as error:
            raise ConfigurationError(
                f"the query log {path} cannot be written ({error.strerror}): name a file in a "
                "folder that exists"
            ) from error
        self._cut = False
        with suppress(OSError):  # it may be written to and not read
            self._cut = is_cut(path)

    def __str__(self) -> str:
        return str(self._path)

    def write(self, records: Sequence[Record]) -> int:
        """Append the records at one go."""
        lines = b"".join(orjson.dumps(record) + b"\n" for record in records)
        if self._cut:
            lines = b"\n" + lines
        self._cut = True
        file = self._opened()
        try:
            while lines:
                lines = lines[os.write(file, lines) :]
        finally:
            os.close(file)
        self._cut = False
        return 0

    def close(self) -> None:
        """Nothing is held open."""

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o640)


class LogIndex:
    """An index, alias or data stream on Elasticsearch or OpenSearch."""

    def __init__(self, target: Target, engine: ClusterEngine) -> None:
        self._target = str(target)
        self._engine = engine

    def __str__(self) -> str:
        return self._target

    def write(self, records: Sequence[Record]) -> int:
        """Append the records in one request."""
        return self._engine.ask(append_records(self._engine.name, self._target, records))

    def close(self) -> None:
        """Close the connections."""
        self._engine.close()
