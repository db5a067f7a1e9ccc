"""The embedded engine: a folder, its snapshots, and the writer once something is written."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from hybridsearch.engines.calls import (
    Commit,
    Complete,
    Completed,
    Count,
    Counted,
    Create,
    Durable,
    Get,
    Got,
    Identified,
    Identify,
    Open,
    Opened,
    Persist,
    Refresh,
    Retrieve,
    Retrieved,
    Scan,
    Scanned,
    Write,
)
from hybridsearch.engines.embedded.folder import (
    TEXT,
    create_folder,
    read_definition,
    read_identity,
)
from hybridsearch.engines.embedded.refusals import not_opened
from hybridsearch.engines.embedded.snapshot import Snapshot
from hybridsearch.engines.embedded.text_index import TextIndex
from hybridsearch.engines.embedded.writer import Writer
from hybridsearch.engines.protocol import Call, EngineOptions, Reply
from hybridsearch.engines.reading_calls import (
    GetDigests,
    GetVectors,
    GetWhole,
    GotDigests,
    GotVectors,
    GotWhole,
    ListedIds,
    ListIds,
)
from hybridsearch.errors import (
    ConfigurationError,
    EngineError,
    IndexNotFoundError,
    MappingMismatchError,
    StorageError,
)
from hybridsearch.model.definition import IndexDefinition

R = TypeVar("R")
_COMMIT_FILE = "meta.json"
KEPT_BY = "a folder"


def at(location: str, options: EngineOptions) -> EmbeddedEngine:
    """The engine of a folder; raises ConfigurationError for options that mean nothing to it."""
    for name in ("client", "connection", "settings"):
        if getattr(options, name):
            option = " (--set)" if name == "settings" else ""
            raise ConfigurationError(
                f"{name}={option} is for engines on servers; {options.target} is a folder on this "
                "machine: leave it out"
            )
    return EmbeddedEngine(Path(location))


class EmbeddedEngine:
    """One index in one folder: one writer, any number of readers, in any number of processes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._definition: IndexDefinition | None = None
        self._identity: str | None = None
        self._text: TextIndex | None = None
        self._writer: Writer | None = None
        self._writers = 0
        self._snapshot: Snapshot | None = None
        self._state: tuple[int, int] | None = None
        self._lock = threading.RLock()
        self._closed = False

    @property
    def definition(self) -> IndexDefinition:
        """The schema and the encoder of the index, once it is open."""
        if self._definition is None:
            raise EngineError(f"the index at embedded:{self._folder} is not open")
        return self._definition

    @property
    def kept_by(self) -> str:
        """What keeps the index, in words."""
        return KEPT_BY

    @property
    def writes_in_flight(self) -> int:
        """One: there is one writer."""
        return 1

    def perform(self, calls: Sequence[Call]) -> list[Reply]:
        """Answer calls in order."""
        return [self._answer(call) for call in calls]

    async def perform_async(self, calls: Sequence[Call]) -> list[Reply]:
        """The same off the event loop: this engine computes, it does not wait."""
        return await asyncio.to_thread(self.perform, calls)

    def close(self) -> None:
        """Release the writer's lock; what was not committed is forgotten."""
        with self._lock:
            self._closed = True
            self._snapshot = None
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    async def close_async(self) -> None:
        """The same off the event loop: merges are waited for."""
        await asyncio.to_thread(self.close)

    def _answer(  # noqa: C901, PLR0911, PLR0912 - one line for each kind of call
        self, call: Call
    ) -> Reply:
        match call:
            case Create(definition):
                create_folder(self._folder, definition)
                return self._opened(definition)
            case Open():
                return self._opened(read_definition(self._folder))
            case Retrieve():
                return self._retrieve(call)
            case Complete():
                return self._complete(call)
            case Get(ids):
                return Got(self._current().fetch(ids))
            case GetDigests(ids):
                return GotDigests(self._current().digests(ids))
            case GetVectors(ids, fields):
                return GotVectors(self._current().vectors(ids, fields))
            case ListIds(after, limit):
                return ListedIds(self._current().list_ids(after, limit))
            case GetWhole(ids):
                # As the last write left them: from now on nobody else writes.
                self._write(lambda writer: writer.commit_if_pending(ids))
                return GotWhole(self._current().whole(ids))
            case Scan(after, limit, vectors):
                return Scanned(self._current().scan(after, limit, vectors))
            case Count(where):
                return Counted(*self._current().count(where), _bytes(self._folder))
            case Refresh():
                self._current()
                return None
            case Write(documents):
                return self._write(lambda writer: writer.write(documents))
            case Persist() | Commit():
                return Durable(self._write(Writer.commit))
            case Identify():
                return Identified(read_identity(self._folder))

    def _opened(self, definition: IndexDefinition) -> Opened:
        self._text = TextIndex.open(self._folder / TEXT, definition.schema)
        self._definition = definition
        self._identity = read_identity(self._folder)
        return Opened(definition, KEPT_BY)

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
            text = self._open_text()
            if self._writer is None:
                self._current()  # a damaged index is told before anything is written to it
                if read_identity(self._folder) != self._identity:
                    raise not_opened(self._folder)
                self._writers += 1
                self._writer = Writer(self._folder, self.definition.schema, text, self._writers)
            try:
                return action(self._writer)
            except (StorageError, IndexNotFoundError):
                # What the disk refused is not known to be written: start again from the last
                # commit with a fresh writer rather than go on with this one.
                self._writer.close()
                self._writer = None
                raise

    def _current(self) -> Snapshot:
        """The snapshot of the last commit, of whichever process; a stat a call tells."""
        with self._lock:
            text = self._open_text()
            try:
                found = (self._folder / TEXT / _COMMIT_FILE).stat()
            except (FileNotFoundError, NotADirectoryError) as error:
                raise IndexNotFoundError(
                    f"the index at embedded:{self._folder} was deleted while it was open, or "
                    "moved: open it where it is now, or make it anew"
                ) from error
            state = (found.st_mtime_ns, found.st_ino)
            if self._snapshot is None or state != self._state:
                if read_definition(self._folder) != self._definition:
                    raise MappingMismatchError(
                        f"the index at embedded:{self._folder} is not the one that was opened: its "
                        "schema or its encoder is another; open it again"
                    )
                text.reload()
                self._snapshot = Snapshot.open(self._folder, self.definition.schema, text)
                self._state = state
            return self._snapshot

    def _open_text(self) -> TextIndex:
        if self._closed:
            raise EngineError("the index is closed: open it again")
        if self._text is None:
            raise EngineError(f"the index at embedded:{self._folder} is not open")
        return self._text


def _bytes(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except FileNotFoundError:  # a merge took the file away meanwhile
            continue
    return total
