"""The dead-letter file: every document that was set aside, with its place and its reason."""

from __future__ import annotations

import os
from hashlib import blake2b
from pathlib import Path
from typing import Any, BinaryIO

from hybridsearch.errors import StorageError
from hybridsearch.indexing.letter import letter
from hybridsearch.model.open_files import is_at, is_cut


class DeadLetters:
    """Appends one JSON line a document (see `letter`); the file is made with the first.

    target: of the index, so that the documents can be sent there again; chosen: whether the caller
    said which file it is to be.
    """

    def __init__(self, path: Path, target: str | None = None, *, chosen: bool = True) -> None:
        self.path = path
        self.chosen = chosen
        self._target = target
        self._file: BinaryIO | None = None
        self._there: set[bytes] = set()
        self._settled = 0
        self._used = False

    def add(self, place: str, id: str | None, reason: str, document: Any) -> None:
        """Append one document; raises StorageError where the file cannot be written."""
        line = letter(place, id, reason, self._target, document)
        self._used = True
        if self._there and (known := _digest(line)) in self._there:
            self._there.discard(known)
            return
        try:
            file = self._opened()
            file.write(line)
            file.flush()  # a retry may put another file in the place of this one
        except OSError as error:
            raise self._refused(error) from error

    def go_on(self, path: Path, length: int) -> None:
        """Go on with the file of an earlier run, whose first `length` bytes are settled.

        Lines after those will come again and are not doubled; others may have appended to the same
        file, so that nothing of it is taken away but a line that was not written whole.
        """
        if self.chosen and path.absolute() != self.path.absolute():
            return
        self.path = path
        self._settled = length
        try:
            with path.open("r+b") as file:
                file.seek(length)
                for line in file:
                    if line.endswith(b"\n"):
                        self._there.add(_digest(line))
                    else:
                        file.truncate(file.seek(-len(line), os.SEEK_END))
            self._used = length > 0 or bool(self._there)
        except FileNotFoundError:
            self._used = length > 0  # somebody has dealt with it
        except OSError as error:
            raise self._refused(error) from error

    def sync(self) -> int:
        """Put the file on the disk; returns how many of its bytes are settled: all, unless it has
        lines of an earlier run that are still to come again. Raises StorageError."""
        try:
            if self._file is not None:
                self._file.flush()
                os.fsync(self._file.fileno())
            return self._settled if self._there else self.path.stat().st_size
        except FileNotFoundError:
            return 0
        except OSError as error:
            raise self._refused(error) from error

    def close(self) -> str | None:
        """Put the file on the disk; returns its path, None where nothing was set aside.

        Raises StorageError where the disk refuses it, once: afterwards it is closed.
        """
        if self._file is not None:
            file, self._file = self._file, None
            try:
                with file:
                    file.flush()
                    os.fsync(file.fileno())
            except OSError as error:
                raise self._refused(error) from error
        return str(self.path) if self._used else None

    def _opened(self) -> BinaryIO:
        """The file that is at its place now."""
        if self._file is not None and not is_at(self.path, self._file):
            self._file.close()
            self._file = None
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("ab")
            if is_cut(self.path):  # by a run that was killed: what follows is to stand alone
                self._file.write(b"\n")
        return self._file

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"the dead-letter file {self.path} cannot be written ({error.strerror}): "
            "name another with dead_letters= (--dead-letters)"
        )


def _digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()
