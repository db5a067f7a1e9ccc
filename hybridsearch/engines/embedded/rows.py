"""Vector rows: float32 for exact scores, and 8-bit copies with what bounds their error."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.files import Appender, align, map_items

Float32 = NDArray[np.float32]
Int8 = NDArray[np.int8]

# scale: of the 8-bit row; residual: the norm of what rounding took away; start, end: the
# passage's characters in the embedded text.
ROW_TYPE = np.dtype([("scale", "<f4"), ("residual", "<f4"), ("start", "<i4"), ("end", "<i4")])


def quantise(vectors: Float32) -> tuple[Int8, Float32, Float32]:
    """int8[n, dims], scale float32[n] and residual float32[n] such that
    |vectors - scale * int8| = residual, row by row; the residual is rounded up."""
    scale = np.abs(vectors).max(axis=1, initial=1e-30) / 127
    rounded = np.rint(vectors / scale[:, None])
    residual = vectors - rounded * scale[:, None]
    norm = np.sqrt(np.einsum("ij,ij->i", residual, residual, dtype=np.float64))
    return rounded.astype(np.int8), scale.astype(np.float32), (norm * 1.0001).astype(np.float32)


class RowFiles:
    """The writer's side: appends rows of one vector field."""

    def __init__(self, folder: Path, field: int, dims: int) -> None:
        float_path, int8_path, row_path = row_paths(folder, field)
        self._floats = Appender(float_path, 4 * dims)
        self._int8 = Appender(int8_path, dims)
        self._rows = Appender(row_path, ROW_TYPE.itemsize)
        # A writer that died may have left the three files with different numbers of rows.
        align([self._floats, self._int8, self._rows])

    def append(self, vectors: Float32, spans: NDArray[np.int32]) -> int:
        """Append unit rows float32[n, dims] with spans int32[n, 2]; returns the first row."""
        vectors = np.ascontiguousarray(vectors, dtype=np.float32)
        small, scale, residual = quantise(vectors)
        rows: NDArray[Any] = np.empty(len(vectors), dtype=ROW_TYPE)
        rows["scale"], rows["residual"] = scale, residual
        rows["start"], rows["end"] = spans[:, 0], spans[:, 1]
        self._int8.append(small.tobytes())
        self._rows.append(rows.tobytes())
        return self._floats.append(vectors.tobytes())

    def sync(self) -> None:
        """Return once everything appended is on the disk."""
        for file in (self._floats, self._int8, self._rows):
            file.sync()

    def close(self) -> None:
        """Close the files."""
        for file in (self._floats, self._int8, self._rows):
            file.close()


@dataclass(frozen=True, eq=False)
class RowMap:
    """The reader's side: the rows of one vector field, mapped as they are at this moment."""

    floats: Float32
    int8: Int8
    rows: NDArray[Any]

    @classmethod
    def open(cls, folder: Path, field: int, dims: int) -> RowMap:
        """Map the three files; what a writer has only half appended is left out."""
        float_path, int8_path, row_path = row_paths(folder, field)
        floats = map_items(float_path, np.dtype("<f4"), dims)
        small = map_items(int8_path, np.dtype(np.int8), dims)
        rows = map_items(row_path, ROW_TYPE)
        count = min(len(floats), len(small), len(rows))
        return cls(floats[:count], small[:count], rows[:count])


def row_paths(folder: Path, field: int) -> tuple[Path, Path, Path]:
    """The files of the vector field with this position in the schema."""
    stem = folder / f"vectors-{field}"
    return stem.with_suffix(".f32"), stem.with_suffix(".i8"), stem.with_suffix(".row")
