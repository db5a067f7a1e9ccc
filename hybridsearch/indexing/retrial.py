"""Documents of a dead-letter file sent again: those that can be, and what the file holds then."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.errors import SourceError
from hybridsearch.indexing.letter import Letter, read_letter
from hybridsearch.indexing.records import Located

_PLACED = {"spans", "vectors"}
_ENCODED = {*_PLACED, "digest"}


class Retrial:
    """The letters that a file holds now; nothing of it is changed before `finish`.

    again: how many documents were given out by `records`; kept: lines that hold no whole document.
    Raises SourceError where the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.again = 0
        self.kept: list[bytes] = []
        try:
            self._size = _whole_bytes(path)
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {error.strerror}") from error
        self.targets = {letter.target for _, letter in self._letters() if letter is not None}

    @property
    def refused(self) -> Path:
        """A file beside it, for the letters of documents that are set aside once more."""
        return self.path.with_name(f".{self.path.name}.{os.getpid()}.again")

    def records(self, vector_fields: Collection[str]) -> Iterator[Located]:
        """The documents that were kept whole, with the places that they had."""
        self.again, self.kept = 0, []
        # Of a retry that ended midway and had this process's number, as in a container.
        self.refused.unlink(missing_ok=True)
        for line, letter in self._letters():
            if letter is None or letter.document is None:
                self.kept.append(line)
            else:
                self.again += 1
                yield Located(letter.place, _restored(letter.document, vector_fields))

    def finish(self) -> None:
        """Leave in the file what could not be sent again, what was set aside once more, and what
        others have appended meanwhile; a file with nothing in it is taken away."""
        draft = self.path.with_name(f".{self.path.name}.{os.getpid()}.draft")
        with self.path.open("rb") as before:
            with draft.open("wb") as file:
                file.writelines(self.kept)
                if self.refused.exists():
                    file.write(self.refused.read_bytes())
                before.seek(self._size)
                file.write(before.read())
                file.flush()
                os.fsync(file.fileno())
            if draft.stat().st_size:
                draft.replace(self.path)
            else:
                self.path.unlink()
                draft.unlink()
            if late := before.read():  # appended while the draft was taking its place
                with self.path.open("ab") as file:
                    file.write(late)
        self.refused.unlink(missing_ok=True)

    def _letters(self) -> Iterator[tuple[bytes, Letter | None]]:
        try:
            with self.path.open("rb") as file:
                while file.tell() < self._size and (
                    line := file.readline(self._size - file.tell())
                ):
                    if line.strip():
                        # An editor may have left the last line without its end.
                        yield line.removesuffix(b"\n") + b"\n", read_letter(line)
        except OSError as error:
            raise SourceError(f"{self.path} cannot be read: {error.strerror}") from error


def _whole_bytes(path: Path) -> int:
    """How long a file is without a line at its end that somebody is just appending."""
    size = 0
    with path.open("rb") as file:
        for line in file:
            if line.endswith(b"\n") or read_letter(line) is not None:
                size += len(line)
    return size


def _restored(document: Mapping[str, Any], vector_fields: Collection[str]) -> dict[str, Any]:
    return {
        name: _placed(value) if name in vector_fields else value for name, value in document.items()
    }


def _placed(value: Any) -> Any:
    """Passages with their places, where these were kept."""
    if not isinstance(value, dict) or value.keys() not in (_PLACED, _ENCODED):
        return value
    try:
        spans = np.array(value["spans"], np.int32).reshape(-1, 2)
        vectors = np.array(value["vectors"], np.float32)
    except (ValueError, TypeError, OverflowError):
        return value  # which is refused, as any other value that is no vector
    return PassageVectors(spans, vectors, value.get("digest"))
