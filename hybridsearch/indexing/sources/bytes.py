"""Reading a file as bytes, unpacked, with how much of it has been read."""

from __future__ import annotations

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

import zstandard

from hybridsearch.errors import SourceError

_PACKED_BYTES = 1 << 15
_UNPACKING_ERRORS = (OSError, EOFError, zlib.error, zstandard.ZstdError)


class FileReading:
    """How much of a file has been read, packed or not."""

    def __init__(self, total: int | None) -> None:
        self._total = total
        self._done = 0
        self._file: BinaryIO | None = None

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where the size is not known."""
        if not self._total:
            return None
        position = self._done
        if self._file is not None and not self._file.closed:
            position = self._file.tell()
        return min(1.0, position / self._total)

    def begin(self, file: BinaryIO) -> None:
        """Follow the position of this file from now on."""
        self._file = file

    def end(self, size: int) -> None:
        """The file has been read to its end."""
        self._done = size
        self._file = None


@contextmanager
def open_bytes(path: Path | None, reading: FileReading) -> Iterator[BinaryIO]:
    """A file (.gz and .zst unpacked), or standard input for None; raises SourceError."""
    if path is None:
        if sys.stdin is None:
            raise SourceError("standard input is closed: send the documents to it, or name a file")
        yield sys.stdin.buffer
        return
    try:
        with path.open("rb") as raw:
            reading.begin(raw)
            yield _unpacked(raw, path)
            reading.end(path.stat().st_size)
    except IsADirectoryError:
        raise SourceError(f"{path} is a folder, not a file") from None
    except _UNPACKING_ERRORS as error:
        raise SourceError(f"{path} cannot be read: {error}") from error


class _Unzstd(io.RawIOBase):
    """Unpacks frame after frame; a file that ends within one raises EOFError.

    The package's own stream reader takes a file that was cut off for one that has ended.
    """

    def __init__(self, packed: BinaryIO) -> None:
        self._packed = packed
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._begun = False
        self._rest = b""
        self._ready = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            packed = self._rest or self._packed.read(_PACKED_BYTES)
            if not packed:
                if self._begun:
                    raise EOFError("the file ends before its last frame does: it was cut off")
                return 0
            self._begun = True
            self._ready = memoryview(self._frame.decompress(packed))
            self._rest = b""
            if self._frame.eof:
                self._rest = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count


def _unpacked(raw: BinaryIO, path: Path) -> BinaryIO:
    suffix = path.suffix.lower()
    if suffix == ".gz":
        return cast("BinaryIO", gzip.open(raw, "rb"))
    if suffix == ".zst":
        return cast("BinaryIO", io.BufferedReader(_Unzstd(raw), 1 << 20))
    return raw
