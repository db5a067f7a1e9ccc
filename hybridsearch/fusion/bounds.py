"""Which missing scores can change the answer: bounds on every candidate's blended score.

A candidate missing from a list that ended before its window scores the retriever's minimum there.
Missing from a full list, it scores at most the list's last score. So every candidate has a lowest
and a highest blended score, and only those whose highest reaches the k-th best lowest need their
exact scores. After the threshold algorithm of Fagin, Lotem and Naor 2001, "Optimal aggregation
algorithms for middleware".

Where a list is approximate (kNN over a graph), what it overlooked may score above its last one:
such a candidate, if no other list brings it within reach, keeps a score that is too low.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.table import Floats, ScoreTable

# Not every function rounds monotonically (arctan need not): a tie must not be lost to rounding.
_SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Openness:
    """What is still to be asked before a table can be fused.

    table: with the scores that are known without asking; cells: bool[n, r], those to ask for;
    reach: bool[n], the candidates that can be among the best k. Where nothing is missing, or the
    fusion does not allow bounds, these are all candidates. likely: float64[n], higher for those
    that are more likely to be; zeros where there is nothing to ask for.
    """

    table: ScoreTable
    cells: NDArray[np.bool_]
    reach: NDArray[np.bool_]
    likely: Floats


def openness(table: ScoreTable, exhaustive: NDArray[np.bool_], fusion: Fusion, k: int) -> Openness:
    """The cells whose exact scores the best k depend on.

    exhaustive: bool[r], the lists that ended before their window did. Asking for these cells and
    counting all others as the minimum gives the same best k, in the same order and with the same
    scores, as asking for all; and no cell of these k is left missing.
    """
    everyone = np.ones(len(table.scores), dtype=np.bool_)
    if fusion.missing != "complete":
        nothing = np.zeros(table.scores.shape, dtype=np.bool_)
        return Openness(table, nothing, everyone, np.zeros(len(everyone)))
    known = with_known(table, exhaustive)
    missing = ~known.scored
    if k < 1 or not missing.any():
        reach = everyone if k > 0 else ~everyone
        return Openness(known, np.zeros_like(missing), reach, np.zeros(len(everyone)))
    minima = _minima(known)
    lowest = fusion.fuse(known.with_scores(np.where(missing, minima, known.scores))).scores
    if len(missing) <= k:
        return Openness(known, missing, everyone, lowest)
    listed = known.ranks > 0
    # A retriever that listed no one, and may yet match, bounds nothing.
    unbounded = missing.any(axis=0) & ~listed.any(axis=0)
    if unbounded.any() or not fusion.separable(known):
        return Openness(known, missing, everyone, lowest)
    # Rounding may have put a list's last score below the minimum.
    last = np.maximum(np.where(listed, known.scores, np.inf).min(axis=0), minima)
    highest = fusion.fuse(known.with_scores(np.where(missing, last, known.scores))).scores
    threshold = np.partition(lowest, len(lowest) - k)[len(lowest) - k]
    reach = highest >= threshold - _SLACK * max(1.0, abs(threshold))
    return Openness(known, missing & reach[:, None], reach, lowest + highest)


def with_known(table: ScoreTable, exhaustive: NDArray[np.bool_]) -> ScoreTable:
    """The table with what is known without asking: whoever is missing from a list that ended
    before its window (exhaustive: bool[r]) scores exactly that retriever's minimum."""
    if not exhaustive.any():
        return table
    known = np.where(~table.scored & exhaustive, _minima(table), table.scores)
    return table.with_scores(known)


def _minima(table: ScoreTable) -> Floats:
    return np.array([column.minimum for column in table.columns], dtype=np.float64)
