"""Vectors that callers bring themselves: checked, and made unit length where they are not yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.protocol import Vectors
from hybridsearch.encoding.unit import norms
from hybridsearch.errors import DocumentError, QueryError
from hybridsearch.model.dots import dots
from hybridsearch.model.written_vectors import unwritten

__all__ = ["NORM_TOLERANCE", "accept", "accept_many", "accept_query"]

NORM_TOLERANCE: Final = 1e-3
"""How far from 1 a length may be and still be called rounding: float16 stays within."""

# How far from 1 the square of a length may be for a vector to stay as it is: float32 says no more.
_ROUNDING: Final = 1e-6
_BLOCK: Final = 32
_OR_ASK: Final = ", or ask for that with normalise_vectors=True (--normalise-vectors)"


def accept(
    vectors: Any,
    *,
    dims: int,
    id: str | None = None,
    field: str | None = None,
    normalise: bool = False,
) -> Vectors:
    """One document's vector or vectors as `float32[n, dims]`, unit rows; one vector gives n = 1.

    Takes a list of numbers, a list of such lists, a numpy array of any float type, or one vector
    as text, `[0.6, 0.8]`, or as bytes of float32. Raises
    DocumentError with the id and field for wrong dims, NaN, infinity, zero vectors, and, unless
    `normalise`, for lengths more than 0.001 from 1.
    """
    rows = _numbers(vectors)
    if isinstance(rows, np.ndarray) and rows.ndim == 1:
        rows = rows[None, :]
    if isinstance(rows, str):
        raise DocumentError(rows, id=id, field=field)
    accepted = np.empty((len(rows), dims), dtype=np.float32)
    reasons = _judge(rows, accepted, normalise)
    for position, reason in reasons.items():
        place = f"vector {position}: " if len(rows) > 1 else ""
        raise DocumentError(place + reason, id=id, field=field)
    return accepted


def accept_query(
    vector: Any, *, dims: int, field: str | None = None, normalise: bool = False
) -> Vectors:
    """A query's vector as `float32[dims]`, unit length; raises QueryError as `accept` would."""
    accepted, reasons = accept_many([vector], dims=dims, normalise=normalise)
    if reasons:
        place = "query vector" if field is None else f"query vector for the field {field!r}"
        # Searching has no setting that would do it.
        reason = reasons[0].removesuffix(_OR_ASK)
        raise QueryError(f"{place}: {reason}")
    only: Vectors = accepted[0]
    return only


def accept_many(
    vectors: Sequence[Any] | NDArray[Any], *, dims: int, normalise: bool = False
) -> tuple[Vectors, dict[int, str]]:
    """One vector each of many documents: `float32[n, dims]`, and the reason of each refused one.

    Reasons are by position; a refused row holds zeros.
    """
    accepted = np.empty((len(vectors), dims), dtype=np.float32)
    reasons: dict[int, str] = {}
    # Blocks that stay in the processor's cache take a third of the time.
    for start in range(0, len(vectors), _BLOCK):
        some, into = vectors[start : start + _BLOCK], accepted[start : start + _BLOCK]
        rows = _numbers(some)
        if isinstance(rows, np.ndarray) and rows.ndim == 2 and rows.shape[1] == dims:
            refused = _judge(rows, into, normalise)
        else:
            refused = _one_by_one(some, into, normalise)
        reasons |= {start + position: reason for position, reason in refused.items()}
    return accepted, reasons


def _one_by_one(vectors: Iterable[Any], accepted: Vectors, normalise: bool) -> dict[int, str]:
    """The reasons of those that are no vectors; the others are put into the rows of `accepted`."""
    reasons: dict[int, str] = {}
    for position, vector in enumerate(vectors):
        row = _numbers(vector)
        if isinstance(row, np.ndarray) and row.ndim != 1:
            row = f"one vector is wanted, not an array of shape {row.shape}"
        if isinstance(row, str):
            reasons[position], accepted[position] = row, 0.0
        elif refused := _judge(row[None, :], accepted[position : position + 1], normalise):
            reasons[position] = refused[0]
    return reasons


def _numbers(value: Any) -> NDArray[Any] | str:
    """A numeric array of one or two dimensions, or why the value is none."""
    try:
        array = np.asarray(unwritten(value))
    except (ValueError, TypeError, OverflowError):
        return "the vectors are not of one length, or hold something that is not a number"
    if array.dtype.kind not in "fiu":
        return "a vector is a list of numbers, and this holds something else"
    if array.ndim not in {1, 2}:
        return f"a vector is a list of numbers, not an array of shape {array.shape}"
    return array


def _judge(rows: NDArray[Any], accepted: Vectors, normalise: bool) -> dict[int, str]:
    """Put unit rows into `accepted`, zeros for those that are refused; returns the reasons."""
    if rows.shape[1] != accepted.shape[1]:
        accepted[:] = 0.0
        reason = f"{rows.shape[1]} numbers, and the field's vectors have {accepted.shape[1]}"
        return dict.fromkeys(range(len(rows)), reason)
    with np.errstate(over="ignore", invalid="ignore"):
        accepted[:] = rows
        unit = np.abs(dots(accepted, accepted) - 1.0) <= _ROUNDING  # which NaN is not
    if unit.all():  # as nearly always
        return {}
    others = np.flatnonzero(~unit)
    accepted[others], reasons = _scaled(rows[others].astype(np.float64), normalise)
    return {int(others[position]): reason for position, reason in reasons.items()}


def _scaled(wide: NDArray[np.float64], normalise: bool) -> tuple[Vectors, dict[int, str]]:
    """Rows brought to unit length, and why some are not."""
    finite = np.isfinite(wide).all(axis=1)
    wide[~finite] = 0.0
    length = norms(wide)
    reasons = dict.fromkeys(np.flatnonzero(~finite).tolist(), "it holds NaN or infinity")
    zero = finite & (length == 0.0)
    reasons |= dict.fromkeys(np.flatnonzero(zero).tolist(), "every number in it is 0")
    if not normalise:
        off = finite & ~zero & (np.abs(length - 1.0) > NORM_TOLERANCE)
        reasons |= {
            position: f"its length is {length[position]:.6g}, not 1: divide it by its length"
            + _OR_ASK
            for position in np.flatnonzero(off).tolist()
        }
        wide[off] = 0.0
    length[length == 0.0] = 1.0
    if reasons:
        length[list(reasons)] = 1.0
    wide /= length[:, None]
    return wide.astype(np.float32), dict(sorted(reasons.items()))
