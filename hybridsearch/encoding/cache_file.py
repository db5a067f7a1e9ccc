"""The file of the embedding cache: an SQLite database that processes share, bounded in size.

Small rows say what there is and when it was last used, so that marking a use writes little; the
values lie in a table of their own. A transaction is whole or not there, whenever a process dies.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

__all__ = ["CacheFile", "OtherVersionError"]

VERSION: Final = 1
APPLICATION: Final = 0x48795365
PAGE_BYTES: Final = 16_384
# A use is noted once an hour, so that reading the same texts again and again does not write.
USE_SECONDS: Final = 3600
WAIT_SECONDS: Final = 30.0
_LOG_BYTES: Final = 32_000_000
_AT_ONCE: Final = 500
_SHORTER_PAGES: Final = 1000
# What a row takes beside its value, and its entry with both of its indexes; at the most.
_ROW_BYTES: Final = 40
_ENTRY_BYTES: Final = 200
_TABLES: Final = f"""
    PRAGMA page_size = {PAGE_BYTES};
    PRAGMA auto_vacuum = INCREMENTAL;
    PRAGMA journal_mode = WAL;
    PRAGMA application_id = {APPLICATION};
    PRAGMA user_version = {VERSION};
    CREATE TABLE entry (
        id INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, used INTEGER NOT NULL,
        size INTEGER NOT NULL
    );
    CREATE INDEX least_recently_used ON entry (used, id, size);
    CREATE TABLE value (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
"""


class OtherVersionError(sqlite3.DatabaseError):
    """The file is not a cache of this version."""


class CacheFile:
    """Values by key, of which the least recently used leave when the file is full.

    Used by one thread at a time. Raises sqlite3.Error and OSError.
    """

    def __init__(self, path: Path, limit_bytes: int) -> None:
        if not path.exists():
            _create(path)
        self._limit = limit_bytes
        self._connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=WAIT_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            self._set_up(path)
        except BaseException:
            self._connection.close()
            raise

    def read(self, keys: Sequence[bytes]) -> dict[bytes, bytes]:
        """The values that are there, by key."""
        found: dict[bytes, bytes] = {}
        unmarked: list[int] = []
        now = self._now()
        with self._transaction("BEGIN"):
            for begin in range(0, len(keys), _AT_ONCE):
                part = keys[begin : begin + _AT_ONCE]
                rows = self._connection.execute(
                    "SELECT key, bytes, id, used FROM entry JOIN value USING (id) "  # noqa: S608 - marks alone
                    f"WHERE key IN ({','.join('?' * len(part))})",
                    part,
                )
                for key, value, id, used in rows:
                    found[key] = value
                    if used < now:
                        unmarked.append(id)
        if unmarked:
            with self._transaction("BEGIN IMMEDIATE"):
                self._connection.executemany(
                    "UPDATE entry SET used = ? WHERE id = ?", [(now, id) for id in unmarked]
                )
        return found

    def write(self, values: Mapping[bytes, bytes]) -> None:
        """Keep values, in place of older ones; those that have no room are left out."""
        now = self._now()
        with self._transaction("BEGIN IMMEDIATE"):
            fitting = self._fitting(values)
            self._make_room(sum(_taken_by(len(value)) for value in fitting.values()))
            for key, value in fitting.items():
                id = self._entry(key, now, len(value))
                self._connection.execute(
                    "INSERT OR REPLACE INTO value (id, bytes) VALUES (?, ?)", (id, value)
                )
        self._shorten()

    def close(self) -> None:
        """Close the file; what was written stays."""
        self._connection.close()

    def _set_up(self, path: Path) -> None:
        if (self._pragma("application_id"), self._pragma("user_version")) != (APPLICATION, VERSION):
            raise OtherVersionError(f"{path.name} is of another version, or no cache at all")
        pages = max(self._limit // self._pragma("page_size"), 1)
        # After kill -9 everything committed is there; a power cut may take the last transactions.
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.execute(f"PRAGMA journal_size_limit = {_LOG_BYTES}")
        self._connection.execute(f"PRAGMA max_page_count = {pages}")

    def _entry(self, key: bytes, now: int, size: int) -> int:
        """The number of a key's entry, which is made or brought up to date."""
        row = self._connection.execute("SELECT id FROM entry WHERE key = ?", (key,)).fetchone()
        if row is not None:
            self._connection.execute(
                "UPDATE entry SET used = ?, size = ? WHERE id = ?", (now, size, row[0])
            )
            id: int = row[0]
            return id
        made = self._connection.execute(
            "INSERT INTO entry (key, used, size) VALUES (?, ?, ?)", (key, now, size)
        )
        return made.lastrowid or 0

    def _fitting(self, values: Mapping[bytes, bytes]) -> dict[bytes, bytes]:
        """No batch takes more than half of the room."""
        room = self._limit // 2
        fitting = {}
        for key, value in values.items():
            room -= _taken_by(len(value))
            if room < 0:
                break
            fitting[key] = value
        return fitting

    def _make_room(self, wanted: int) -> None:
        """Let the least recently used leave until there is room, and a little more, which saves
        doing it again for the next batch."""
        wanted += wanted // 8 + 4 * PAGE_BYTES
        if self._taken() + wanted <= self._limit:
            return
        while (over := self._taken() + wanted + self._limit // 20 - self._limit) > 0:
            leaving = list(self._least_used(over))
            if not leaving:
                break
            for table in ("entry", "value"):
                self._connection.executemany(f"DELETE FROM {table} WHERE id = ?", leaving)  # noqa: S608 - two names

    def _shorten(self) -> None:
        """Free pages are used again; only a limit that was lowered makes the file shorter."""
        too_many = self._pragma("page_count") - self._limit // self._pragma("page_size")
        if too_many > 0:
            # A script, since `execute` ends after the first page.
            self._connection.executescript(
                f"PRAGMA incremental_vacuum({min(too_many, _SHORTER_PAGES)})"
            )

    def _least_used(self, size: int) -> Iterator[tuple[int]]:
        rows = self._connection.execute("SELECT id, size FROM entry ORDER BY used, id")
        for id, taken in rows:
            yield (id,)
            size -= taken
            if size <= 0:
                return

    def _taken(self) -> int:
        """Bytes of the pages in use."""
        pages = self._pragma("page_count") - self._pragma("freelist_count")
        return pages * self._pragma("page_size")

    def _pragma(self, name: str) -> int:
        value: int = self._connection.execute(f"PRAGMA {name}").fetchone()[0]
        return value

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._connection.execute(begin)
        try:
            yield
        except BaseException:
            if self._connection.in_transaction:  # SQLite ends some that fail by itself
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    @staticmethod
    def _now() -> int:
        return int(time.time()) // USE_SECONDS


def _taken_by(size: int) -> int:
    """Bytes of pages that a value of `size` takes at the most: a page has whole rows, so that of
    values a little longer than half of it, each takes one. Longer than a page, a value has pages of
    its own."""
    rows = PAGE_BYTES // (size + _ROW_BYTES)
    return (-(-PAGE_BYTES // rows) if rows else size + PAGE_BYTES) + _ENTRY_BYTES


def _create(path: Path) -> None:
    """An empty cache, which appears at its place whole, and only where there is none."""
    # What is kept here tells about texts, which may be nobody else's business.
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(descriptor)
    draft = Path(name)
    try:
        with closing(sqlite3.connect(draft)) as made:
            made.executescript(_TABLES)
        # Unlike a renaming, a link does not take the place of what another process made meanwhile.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
