"""The embedding cache: passages and vectors of texts that were encoded before, on disk.

A cache may be missing, damaged, full or locked away: then texts are encoded without it, and that
is said once.
"""

from __future__ import annotations

import logging
import sqlite3
import struct
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.cache_file import CacheFile
from hybridsearch.encoding.digest import text_digest
from hybridsearch.encoding.passages import within
from hybridsearch.encoding.protocol import Encoder, Vectors

__all__ = ["DEFAULT_BYTES", "FILE", "EmbeddingCache", "Encoded", "cache_keys"]

DEFAULT_BYTES: Final = 4_000_000_000
"""About a million passages of 768 dims."""

FILE: Final = "embeddings.sqlite"

Encoded: TypeAlias = tuple[NDArray[np.int32], Vectors]
"""A text's passages: spans int32[n, 2] in characters, and vectors float32[n, dims]."""

_HEADER: Final = struct.Struct("<II")
_LOG: Final = logging.getLogger(__name__)
R = TypeVar("R")


def cache_keys(encoder: Encoder, texts: Sequence[str], window: int, overlap: int) -> list[bytes]:
    """What each text's passages and vectors are kept under: encoder, cutting and text."""
    cut = within(encoder, window, overlap)
    made_by = encoder.fingerprint.digest
    return [bytes.fromhex(made_by + text_digest(text, *cut)) for text in texts]


class EmbeddingCache:
    """Shared by threads and by processes on one machine; it never raises.

    folder: made when something is first looked up; limit_bytes: of its file, beside which lies a
    log of some tens of megabytes while it is used.
    """

    def __init__(self, folder: Path, limit_bytes: int = DEFAULT_BYTES) -> None:
        self.folder = folder
        self._limit = limit_bytes
        self._file: CacheFile | None = None
        self._given_up = False
        self._lock = threading.Lock()

    def lookup(self, keys: Sequence[bytes], dims: int) -> dict[bytes, Encoded]:
        """What is known of these keys; a value that is damaged is not."""
        nothing: dict[bytes, bytes] = {}
        found = self._attempt(lambda file: file.read(keys), nothing)
        read = {key: _unpacked(key, value, dims) for key, value in found.items()}
        return {key: encoded for key, encoded in read.items() if encoded is not None}

    def store(self, made: Mapping[bytes, Encoded]) -> None:
        """Keep what was encoded."""
        if made:
            values = {key: _packed(key, *encoded) for key, encoded in made.items()}
            self._attempt(lambda file: file.write(values), None)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            if self._file is not None:
                self._file.close()
                self._file = None

    def _attempt(self, action: Callable[[CacheFile], R], otherwise: R) -> R:
        with self._lock:
            if self._given_up:
                return otherwise
            try:
                if self._file is None:
                    self._file = CacheFile(self.folder / FILE, self._limit)
                return action(self._file)
            except (sqlite3.Error, OSError) as error:
                self._given_up = True
                _LOG.warning(
                    "the embedding cache in %s cannot be used (%s): texts are encoded without it; "
                    "make room, allow writing there, or delete the folder",
                    self.folder,
                    error,
                )
                return otherwise


def _packed(key: bytes, spans: NDArray[np.int32], vectors: Vectors) -> bytes:
    body = spans.astype("<i4").tobytes() + vectors.astype("<f4").tobytes()
    return _HEADER.pack(len(spans), zlib.crc32(body, zlib.crc32(key))) + body


def _unpacked(key: bytes, value: bytes, dims: int) -> Encoded | None:
    """What was packed under this key, None where that is not whole."""
    if len(value) < _HEADER.size:
        return None
    count, check = _HEADER.unpack_from(value)
    body = memoryview(value)[_HEADER.size :]
    if len(body) != count * (2 + dims) * 4 or zlib.crc32(body, zlib.crc32(key)) != check:
        return None
    spans = np.frombuffer(body, dtype="<i4", count=2 * count).astype(np.int32)
    vectors = np.frombuffer(body, dtype="<f4", offset=8 * count).astype(np.float32)
    return spans.reshape(-1, 2), vectors.reshape(-1, dims)
