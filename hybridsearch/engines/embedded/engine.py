"""The embedded engine: a folder, its snapshots, and the writer once something is written."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self, TypeVar

from hybridsearch.engines.calls import (
    Call,
    Commit,
    Complete,
    Completed,
    Count,
    Counted,
    Delete,
    Deleted,
    Get,
    Got,
    Refresh,
    Reply,
    Retrieve,
    Retrieved,
    Rollback,
    Write,
)
from hybridsearch.engines.embedded.files import DocumentFiles
from hybridsearch.engines.embedded.rows import RowFiles
from hybridsearch.engines.embedded.snapshot import Snapshot
from hybridsearch.engines.embedded.text_index import TextIndex
from hybridsearch.engines.embedded.writer import Writer
from hybridsearch.errors import EngineError, IndexExistsError, IndexNotFoundError, StorageError
from hybridsearch.model.definition import IndexDefinition

R = TypeVar("R")
_DEFINITION = "definition.json"
_TEXT = "text"
_COMMIT_FILE = "meta.json"


class EmbeddedEngine:
    """One index in one folder: one writer, any number of readers, in any number of processes."""

    def __init__(self, folder: Path, definition: IndexDefinition) -> None:
        self.definition = definition
        self._folder = folder
        self._text = TextIndex.open(folder / _TEXT, definition.schema)
        self._writer: Writer | None = None
        self._snapshot: Snapshot | None = None
        self._state: tuple[int, int] | None = None
        self._lock = threading.RLock()
        self._closed = False

    @classmethod
    def create(cls, location: str, definition: IndexDefinition) -> Self:
        """Make the folder; it appears whole or not at all."""
        folder = Path(location)
        if (folder / _DEFINITION).exists():
            raise IndexExistsError(
                f"there is an index at embedded:{location} already: open it, or delete the folder"
            )
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise IndexExistsError(
                f"{location} exists and is not an index: give a new or an empty folder"
            )
        try:
            folder.absolute().parent.mkdir(parents=True, exist_ok=True)
            draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.absolute().parent))
        except OSError as error:
            raise StorageError(
                f"the folder {location} cannot be made ({error.strerror}): "
                "give a place that can be written to"
            ) from error
        try:
            _fill(draft, definition)
            draft.chmod(0o755)
            draft.rename(folder.absolute())
        except (OSError, ValueError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise StorageError(f"the index at {location} cannot be made ({error})") from error
        return cls(folder, definition)

    @classmethod
    def open(cls, location: str) -> Self:
        """Open an index for reading, and for writing once something is written."""
        folder = Path(location)
        try:
            text = (folder / _DEFINITION).read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError) as error:
            raise IndexNotFoundError(
                f"there is no index at embedded:{location}: make one with "
                f"`hybridsearch index embedded:{location} SOURCE` or HybridIndex.create"
            ) from error
        except OSError as error:
            raise StorageError(f"{folder / _DEFINITION} cannot be read: {error}") from error
        try:
            definition = IndexDefinition.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError) as error:
            raise StorageError(
                f"{folder / _DEFINITION} is damaged ({error}): restore it from a copy"
            ) from error
        return cls(folder, definition)

    def perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Answer calls in order."""
        return [self._answer(call) for call in calls]

    def close(self) -> None:
        """Release the writer's lock; what was not committed is forgotten."""
        with self._lock:
            self._closed = True
            self._snapshot = None
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _answer(self, call: Call) -> Reply:  # noqa: PLR0911 - one line for each kind of call
        match call:
            case Retrieve():
                return self._retrieve(call)
            case Complete():
                return self._complete(call)
            case Get(ids):
                return Got(self._current().fetch(ids))
            case Count(where):
                return Counted(*self._current().count(where), _bytes(self._folder))
            case Refresh():
                self._current()
                return None
            case Write(documents):
                return self._write(lambda writer: writer.write(documents))
            case Delete(ids):
                return Deleted(self._write(lambda writer: writer.delete(ids)))
            case Commit():
                return self._write(Writer.commit)
            case Rollback():
                return self._write(Writer.rollback)

    def _retrieve(self, call: Retrieve) -> Retrieved:
        snapshot = self._current()
        return Retrieved(
            tuple(snapshot.retrieve(query, call.window, call.where) for query in call.queries)
        )

    def _complete(self, call: Complete) -> Completed:
        snapshot = self._current()
        begin = time.perf_counter()
        scores = tuple(
            snapshot.scores(query, ids)
            for query, ids in zip(call.queries, call.missing, strict=True)
        )
        middle = time.perf_counter()
        documents = snapshot.fetch(call.fetch, call.fields, call.queries, call.passages)
        end = time.perf_counter()
        return Completed(
            scores,
            documents,
            {"complete": (middle - begin) * 1e3, "fetch": (end - middle) * 1e3},
        )

    def _write(self, action: Callable[[Writer], R]) -> R:
        with self._lock:
            self._check_open()
            if self._writer is None:
                self._writer = Writer(self._folder, self.definition.schema, self._text)
            try:
                return action(self._writer)
            except StorageError:
                # What the disk refused is not known to be written: start again from the last
                # commit with a fresh writer rather than go on with this one.
                self._writer.close()
                self._writer = None
                raise

    def _current(self) -> Snapshot:
        """The snapshot of the last commit, of whichever process; a stat a call tells."""
        with self._lock:
            self._check_open()
            found = (self._folder / _TEXT / _COMMIT_FILE).stat()
            state = (found.st_mtime_ns, found.st_ino)
            if self._snapshot is None or state != self._state:
                self._text.index.reload()
                self._snapshot = Snapshot.open(self._folder, self.definition.schema, self._text)
                self._state = state
            return self._snapshot

    def _check_open(self) -> None:
        if self._closed:
            raise EngineError("the index is closed: open it again")


def _fill(folder: Path, definition: IndexDefinition) -> None:
    schema = definition.schema
    (folder / _TEXT).mkdir()
    TextIndex.create(folder / _TEXT, schema)
    DocumentFiles(folder, len(schema.dense)).close()
    for position, field in enumerate(schema.dense.values()):
        RowFiles(folder, position, field.dims or 1).close()
    with (folder / _DEFINITION).open("w", encoding="utf-8") as file:
        json.dump(definition.as_dict(), file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a merge took the file away meanwhile
            continue
    return total
