"""The dead-letter file: every document that was set aside, with its place and its reason."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, BinaryIO

import orjson

from hybridsearch.errors import StorageError
from hybridsearch.model.document import Document

LONGEST_KEPT = 1_000_000


class DeadLetters:
    """Appends JSON lines `{"place", "id", "reason", "document"}`; the file is made with the first.

    The document is kept as it was given, so that it can be corrected and added again; one that
    JSON cannot hold, or that is longer than a million characters, is kept as shortened text.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def add(self, place: str, id: str | None, reason: str, document: Any) -> None:
        """Append one document; raises StorageError where the file cannot be written."""
        line = b'{"place":%b,"id":%b,"reason":%b,"document":%b}\n' % (
            _string(place),
            b"null" if id is None else _string(id),
            _string(reason),
            _kept(document),
        )
        try:
            if self._file is None:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self._file = self.path.open("ab")
            self._file.write(line)
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> str | None:
        """Put the file on the disk; returns its path, None where nothing was set aside.

        Raises StorageError where the disk refuses it, once: afterwards it is closed.
        """
        if self._file is None:
            return None
        file, self._file = self._file, None
        try:
            with file:
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise self._refused(error) from error
        return str(self.path)

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"the dead-letter file {self.path} cannot be written ({error.strerror}): "
            "name another with dead_letters="
        )


def _kept(document: Any) -> bytes:
    if isinstance(document, Document):
        document = {"id": document.id, **document.fields, **document.vectors}
    try:
        text = orjson.dumps(document, default=repr, option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError, RecursionError):
        return _string(repr(document))
    return text if len(text) <= LONGEST_KEPT else _string(text.decode())


def _string(text: str) -> bytes:
    if len(text) > LONGEST_KEPT:
        text = text[:LONGEST_KEPT] + "…"
    return orjson.dumps(text.encode("utf-8", "replace").decode())
