"""The document files: one fixed-size record a document, the bytes it points to, and what tells
whether it changes.

Everything is appended and nothing is ever moved or cut, so that a reader's memory maps stay valid
and a writer that dies leaves at most unused bytes. Which records are alive is not kept here:
tantivy's commit is the only truth, and a record counts once tantivy knows its ordinal.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.refusals import unreadable
from hybridsearch.model.digests import DIGEST_DIGITS
from hybridsearch.model.open_files import is_at

Records = NDArray[np.void]
DIGEST_BYTES: Final = DIGEST_DIGITS // 2
REVISIONS: Final = "documents.rev"


def record_type(vector_fields: int) -> np.dtype[np.void]:
    """One document: where its id and source lie, and its rows in each vector file."""
    rows = np.dtype([("start", "<u8"), ("count", "<u4")])
    return np.dtype(
        [
            ("offset", "<u8"),
            ("id_length", "<u4"),
            ("source_length", "<u4"),
            ("rows", rows, (vector_fields,)),
        ]
    )


def revision_type(vector_fields: int) -> np.dtype[np.void]:
    """One document: its version and 1, 0 where it has none; 16 bytes of its own digest, then of its
    text in each vector field, zeros where there is none."""
    digests = (1 + vector_fields, DIGEST_BYTES)
    return np.dtype([("version", "<u8"), ("digests", np.uint8, digests)])


class Appender:
    """A file that only grows, in whole items of `size` bytes, from its last whole item on: it has
    `count` of them."""

    def __init__(self, path: Path, size: int = 1) -> None:
        self._file: BinaryIO = path.open("r+b" if path.exists() else "w+b", buffering=1 << 20)
        end = self._file.seek(0, os.SEEK_END)
        self.size = size
        self.count = -(-end // size)
        if end % size:
            self._file.write(bytes(self.count * size - end))

    def append(self, data: bytes | memoryview) -> int:
        """Write whole items; returns the position of the first."""
        first = self.count
        self._file.write(data)
        self.count += len(data) // self.size
        return first

    def is_at(self, path: Path) -> bool:
        """Whether what is at a place is still this file."""
        return is_at(path, self._file)

    def sync(self) -> None:
        """Return once everything written is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close without waiting for the disk; bytes that cannot be written are given up."""
        try:
            self._file.close()
        except OSError:
            self._file.raw.close()  # type: ignore[attr-defined] # a buffered file has it


def align(files: Sequence[Appender]) -> None:
    """Bring files of equally many items to the same number, with zeros."""
    most = max(file.count for file in files)
    for file in files:
        while file.count < most:
            file.append(bytes(file.size * min(most - file.count, 4096)))


class DocumentFiles:
    """The writer's side: appends records and bodies."""

    def __init__(self, folder: Path, vector_fields: int) -> None:
        self._type = record_type(vector_fields)
        self._place = folder / "documents.bin"
        self._bodies = Appender(self._place)
        self._records = Appender(folder / "documents.idx", self._type.itemsize)
        size = revision_type(vector_fields).itemsize
        revisions = folder / REVISIONS
        if not revisions.exists():  # an index made before there were any gets all of them at once
            draft = revisions.with_suffix(".draft")
            draft.write_bytes(bytes(size * self._records.count))
            draft.replace(revisions)
        self._revisions = Appender(revisions, size)
        # A writer that died may have left one file with more documents than the other.
        align([self._records, self._revisions])

    def append(
        self,
        documents: Sequence[tuple[bytes, bytes]],
        rows: NDArray[np.int64],
        revisions: Records,
    ) -> NDArray[np.int64]:
        """Append (id, source) pairs with rows int64[n, fields, 2] and revisions[n]; returns their
        ordinals."""
        records = np.zeros(len(documents), dtype=self._type)
        lengths = np.array([(len(id), len(source)) for id, source in documents], dtype=np.int64)
        lengths = lengths.reshape(-1, 2)
        first = self._bodies.append(b"".join([part for pair in documents for part in pair]))
        ends = np.cumsum(lengths.sum(axis=1))
        records["offset"] = first + ends - lengths.sum(axis=1)
        records["id_length"] = lengths[:, 0]
        records["source_length"] = lengths[:, 1]
        records["rows"]["start"] = rows[:, :, 0]
        records["rows"]["count"] = rows[:, :, 1]
        self._revisions.append(revisions.tobytes())
        ordinal = self._records.append(records.tobytes())
        return np.arange(ordinal, ordinal + len(documents), dtype=np.int64)

    def in_place(self) -> bool:
        """Whether the index that is there now is the one that these files are of."""
        return self._bodies.is_at(self._place)

    def sync(self) -> None:
        """Return once everything appended is on the disk."""
        for file in (self._bodies, self._revisions, self._records):
            file.sync()

    def close(self) -> None:
        """Close all files."""
        for file in (self._bodies, self._revisions, self._records):
            file.close()


class DocumentMap:
    """The reader's side: records and bodies, mapped as they are at this moment."""

    def __init__(self, folder: Path, vector_fields: int) -> None:
        self.records: Records = map_items(folder / "documents.idx", record_type(vector_fields))
        bodies: Any = map_items(folder / "documents.bin", np.dtype(np.uint8))
        self._bodies = memoryview(bodies)
        revisions = folder / REVISIONS
        self._revisions: Records | None = (
            map_items(revisions, revision_type(vector_fields)) if revisions.exists() else None
        )

    def holds(self, ordinal: int) -> bool:
        """Whether all of this document and of those before it is here."""
        if ordinal >= len(self.records):
            return False
        if self._revisions is not None and ordinal >= len(self._revisions):
            return False
        record: Any = self.records[ordinal]
        lengths = int(record["id_length"]) + int(record["source_length"])
        return int(record["offset"]) + lengths <= len(self._bodies)

    def ids(self, ordinals: NDArray[np.int64]) -> list[str]:
        """The ids of documents."""
        bodies = self._bodies
        records = self.records[ordinals]
        starts = records["offset"].astype(np.int64)
        ends = (starts + records["id_length"]).tolist()
        return [
            str(bodies[start:end], "utf-8")
            for start, end in zip(starts.tolist(), ends, strict=True)
        ]

    def id(self, ordinal: int) -> str:
        """The id of one document."""
        record: Any = self.records[ordinal]
        start = int(record["offset"])
        return str(self._bodies[start : start + int(record["id_length"])], "utf-8")

    def source(self, ordinal: int) -> memoryview:
        """The JSON of a document's fields."""
        record: Any = self.records[ordinal]
        start = int(record["offset"]) + int(record["id_length"])
        return self._bodies[start : start + int(record["source_length"])]

    def digests(self, ordinal: int) -> list[str | None]:
        """A document's digest and those of its texts by vector field, None where there is none."""
        if self._revisions is None or ordinal >= len(self._revisions):
            return [None] * (1 + self.records.dtype["rows"].shape[0])
        found: Any = self._revisions[ordinal]["digests"]
        return [digest.tobytes().hex() if digest.any() else None for digest in found]

    def version(self, ordinal: int) -> int | None:
        """The version that a document was given, None where there is none."""
        if self._revisions is None or ordinal >= len(self._revisions):
            return None
        kept = int(self._revisions[ordinal]["version"])
        return kept - 1 if kept else None


def map_items(path: Path, dtype: np.dtype[Any], width: int | None = None) -> NDArray[Any]:
    """Map the whole items of a file, read-only: dtype[n], or dtype[n, width]."""
    size = dtype.itemsize * (width or 1)
    try:
        count = path.stat().st_size // size
        shape = (count,) if width is None else (count, width)
        if count == 0:
            return np.empty(shape, dtype=dtype)
        return np.asarray(np.memmap(path, dtype=dtype, mode="r", shape=shape))
    except OSError as error:
        raise unreadable(path, error) from error
