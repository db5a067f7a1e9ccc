"""Exact dense search: an 8-bit pass over all rows, then float32 where it can matter.

For a query q and a row x with 8-bit copies q' and x', Cauchy-Schwarz gives
|q.x - q'.x'| <= |q - q'| |x| + |q'| |x - x'|. Rows have unit length and the last norm is stored
with each row, so every row's true score lies in a known interval. Only rows whose interval
reaches the window-th best document's lower end are scored in float32; the result is the same as
that of a full float32 scan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numkong
import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.embedded.rows import Float32, RowMap, quantise

Int64 = NDArray[np.int64]

# Below this share of rows kept by a filter, scoring those in float32 costs less than the pass.
_DIRECT_SHARE = 0.02
# What float32 arithmetic itself may add to the interval.
_ROUNDING = 1e-5
_BLOCK = 1 << 17


@dataclass(frozen=True, eq=False)
class LiveRows:
    """The rows of one vector field that belong to live documents.

    ordinals: int64[rows], the row's document, -1 where it has none any more;
    starts: int64[groups], the first row of each run of rows with the same document;
    single: whether every live document has at most one row and no row is dead.
    """

    map: RowMap
    ordinals: Int64
    starts: Int64
    single: bool

    @classmethod
    def of(cls, rows: RowMap, documents: Int64, first: Int64, count: Int64) -> LiveRows:
        """From the live documents' ordinals and their runs of rows (first row, number of rows)."""
        ordinals = np.full(len(rows.floats), -1, dtype=np.int64)
        total = int(count.sum())
        within = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        ordinals[np.repeat(first, count) + within] = np.repeat(documents, count)
        changes = np.flatnonzero(np.diff(ordinals)) + 1
        starts = np.concatenate([np.zeros(1 if len(ordinals) else 0, dtype=np.int64), changes])
        single = len(starts) == len(ordinals) and bool((ordinals >= 0).all())
        return cls(rows, ordinals, starts, single)


def best_documents(
    live: LiveRows, query: Float32, window: int, keep: NDArray[np.bool_] | None
) -> tuple[Int64, Float32]:
    """The documents that can be among the best `window`, with their exact scores.

    query: float32[dims], unit length; keep: bool[ordinals] of documents a filter lets through.
    Returns ordinals int64[m] and scores float32[m], unordered, m >= window where there are as
    many, and all ties at the end of the window included.
    """
    if keep is not None:
        kept = _kept_rows(live, keep)
        if len(kept) <= max(window, _DIRECT_SHARE * len(live.ordinals)):
            return _by_document(live, kept, exact_scores(live.map, kept, query))
    else:
        kept = None
    if not len(live.ordinals):
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32)
    approximate, error = _first_pass(live.map, query)
    if kept is not None:
        masked = np.full(len(approximate), -np.inf, dtype=np.float32)
        masked[kept] = approximate[kept]
        approximate = masked
    elif not live.single:
        approximate[live.ordinals < 0] = -np.inf
    lower = approximate - error
    if not live.single:
        lower = np.maximum.reduceat(lower, live.starts)
    if len(lower) > window:
        threshold = np.partition(lower, len(lower) - window)[len(lower) - window]
    else:
        threshold = np.float32(-np.inf)
    # Strictly finite: dead and filtered rows carry -inf on both ends of their interval.
    rows = np.flatnonzero((approximate + error >= threshold) & (approximate > -np.inf))
    return _by_document(live, rows, exact_scores(live.map, rows, query))


def exact_scores(rows: RowMap, which: Int64, query: Float32) -> Float32:
    """The float32 dot products of rows with the query, each independent of the others."""
    # einsum, unlike a BLAS product, adds up a row in the same order whatever its neighbours:
    # retrieving and completing the same document give the same number.
    scores: Float32 = np.einsum("ij,j->i", rows.floats[which], query)
    return scores


def _first_pass(rows: RowMap, query: Float32) -> tuple[Float32, Float32]:
    """Approximate scores float32[rows] and the most each can be wrong by."""
    small, scale, lost = quantise(query[None])
    query_norm = float(np.linalg.norm(query))
    scores = np.empty(len(rows.int8), dtype=np.float32)
    for begin in range(0, len(scores), _BLOCK):
        block = rows.int8[begin : begin + _BLOCK]
        dots = np.asarray(numkong.cdist(small, block, "dot"))[0]
        scores[begin : begin + _BLOCK] = dots
    scores *= rows.rows["scale"]
    scores *= scale[0]
    error = rows.rows["residual"] * np.float32(query_norm + float(lost[0]))
    error += np.float32(float(lost[0]) * 1.001 + _ROUNDING)
    return scores, error


def _kept_rows(live: LiveRows, keep: NDArray[np.bool_]) -> Int64:
    # Rows without a document have ordinal -1, which would read the last document's entry.
    padded = np.append(keep, False)
    return np.flatnonzero(padded[live.ordinals])


def _by_document(live: LiveRows, rows: Int64, scores: Float32) -> tuple[Int64, Float32]:
    ordinals = live.ordinals[rows]
    if live.single or len(rows) == 0:
        return ordinals, scores
    # Rows of a document are neighbours, so runs of equal ordinals are its rows.
    starts = np.flatnonzero(np.append(True, ordinals[1:] != ordinals[:-1]))
    return ordinals[starts], np.maximum.reduceat(scores, starts)
