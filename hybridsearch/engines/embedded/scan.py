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
from hybridsearch.model.dots import dots

Int64 = NDArray[np.int64]

# Below this share of rows kept by a filter, scoring those in float32 costs less than the pass.
_DIRECT_SHARE = 0.02
# Below this share, copying 8-bit rows together costs less than reading all of them.
_COPIED_SHARE = 0.25
# What float32 arithmetic itself may add to the interval.
_ROUNDING = 1e-5
_BLOCK = 1 << 17


@dataclass(frozen=True, eq=False)
class LiveRows:
    """The rows of one vector field that belong to live documents.

    ordinals: int64[rows], the row's document, -1 where it has none any more;
    whole: whether no row is dead; single: whether every live document has at most one row.
    """

    map: RowMap
    ordinals: Int64
    whole: bool
    single: bool

    @classmethod
    def of(cls, rows: RowMap, documents: Int64, first: Int64, count: Int64) -> LiveRows:
        """From the live documents' ordinals and their runs of rows (first row, number of rows)."""
        ordinals = np.full(len(rows.floats), -1, dtype=np.int64)
        total = int(count.sum())
        within = np.arange(total) - np.repeat(np.cumsum(count) - count, count)
        ordinals[np.repeat(first, count) + within] = np.repeat(documents, count)
        whole = bool((ordinals >= 0).all())
        single = bool((count <= 1).all())
        return cls(rows, ordinals, whole, single)


def best_documents(
    live: LiveRows, query: Float32, window: int, keep: NDArray[np.bool_] | None
) -> tuple[Int64, Float32]:
    """The documents that can be among the best `window`, with their exact scores.

    query: float32[dims], unit length; keep: bool[ordinals] of documents a filter lets through.
    Returns ordinals int64[m] and scores float32[m], unordered, m >= window where there are as
    many, and all ties at the end of the window included.
    """
    rows = None if keep is None and live.whole else _live_rows(live, keep)
    count = len(live.ordinals) if rows is None else len(rows)
    if count <= max(window, _DIRECT_SHARE * len(live.ordinals)):
        rows = np.arange(count) if rows is None else rows
        return _by_document(live, rows, exact_scores(live.map, rows, query))
    approximate, error = _first_pass(live.map, query, rows)
    lower = approximate - error
    if not live.single:
        ordinals = live.ordinals if rows is None else live.ordinals[rows]
        lower = np.maximum.reduceat(lower, _runs(ordinals))
    if len(lower) > window:
        threshold = np.partition(lower, len(lower) - window)[len(lower) - window]
    else:
        threshold = np.float32(-np.inf)
    open_rows = np.flatnonzero(approximate + error >= threshold)
    if rows is not None:
        open_rows = rows[open_rows]
    return _by_document(live, open_rows, exact_scores(live.map, open_rows, query))


def exact_scores(rows: RowMap, which: Int64, query: Float32) -> Float32:
    """The float32 dot products of rows with the query, each independent of the others."""
    # So that retrieving and completing the same document give the same number.
    return dots(rows.floats[which], query)


def _first_pass(rows: RowMap, query: Float32, which: Int64 | None) -> tuple[Float32, Float32]:
    """Approximate scores float32[m] and the most each can be wrong by; of all rows for None."""
    small, scale, lost = quantise(query[None])
    query_norm = float(np.linalg.norm(query))
    # Few rows are copied together; of many, all are read where they lie and the rest is dropped.
    copied = which is not None and len(which) <= _COPIED_SHARE * len(rows.int8)
    count = len(which) if which is not None and copied else len(rows.int8)
    scores = np.empty(count, dtype=np.float32)
    for begin in range(0, count, _BLOCK):
        end = min(begin + _BLOCK, count)
        block = rows.int8[which[begin:end] if which is not None and copied else slice(begin, end)]
        scores[begin:end] = np.asarray(numkong.cdist(small, block, "dot"))[0]
    about = rows.rows if which is None else rows.rows[which]
    if which is not None and not copied:
        scores = scores[which]
    scores *= about["scale"]
    scores *= scale[0]
    error = about["residual"] * np.float32(query_norm + float(lost[0]))
    error += np.float32(float(lost[0]) * 1.001 + _ROUNDING)
    return scores, error


def _live_rows(live: LiveRows, keep: NDArray[np.bool_] | None) -> Int64:
    """The rows of live documents that are kept."""
    if keep is None:
        return np.flatnonzero(live.ordinals >= 0)
    # Rows without a document have ordinal -1, which would read the last document's entry.
    padded = np.append(keep, False)
    return np.flatnonzero(padded[live.ordinals])


def _runs(ordinals: Int64) -> Int64:
    """Where runs of equal ordinals begin: rows of a document are neighbours."""
    return np.flatnonzero(np.append(True, ordinals[1:] != ordinals[:-1]))


def _by_document(live: LiveRows, rows: Int64, scores: Float32) -> tuple[Int64, Float32]:
    ordinals = live.ordinals[rows]
    if live.single or len(rows) == 0:
        return ordinals, scores
    starts = _runs(ordinals)
    return ordinals[starts], np.maximum.reduceat(scores, starts)
