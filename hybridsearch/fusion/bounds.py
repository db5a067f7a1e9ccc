"""Which missing scores can change the answer: bounds on every candidate's blended score.

A candidate missing from a list that ended before its window scores the retriever's minimum there.
Missing from a full list, it scores at most the list's last score. So every candidate has a lowest
and a highest blended score, and only those whose highest reaches the k-th best lowest need their
exact scores. After the threshold algorithm of Fagin, Lotem and Naor 2001, "Optimal aggregation
algorithms for middleware".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.table import Floats, ScoreTable

# What adding up in another order may change: ties must not be lost to rounding.
_SLACK = 1e-12


@dataclass(frozen=True, eq=False)
class Openness:
    """What is still to be asked before a table can be fused.

    table: with the scores that are known without asking; cells: bool[n, r], those to ask for;
    reach: bool[n], the candidates that can be among the best k.
    """

    table: ScoreTable
    cells: NDArray[np.bool_]
    reach: NDArray[np.bool_]


def openness(table: ScoreTable, exhaustive: NDArray[np.bool_], fusion: Fusion, k: int) -> Openness:
    """The cells whose exact scores the best k depend on.

    exhaustive: bool[r], the lists that ended before their window did. Asking for these cells and
    counting all others as the minimum gives the same best k as asking for all.
    """
    if fusion.missing != "complete":
        return Openness(table, np.zeros_like(table.scored), np.ones(len(table.scores), np.bool_))
    known = _with_known(table, exhaustive)
    missing = ~known.scored
    everyone = np.ones(len(missing), dtype=np.bool_)
    if not missing.any() or len(missing) <= k or not fusion.separable(known):
        return Openness(known, missing, everyone)
    lowest = fusion.fuse(known.with_scores(_filled(known, lowest=True))).scores
    highest = fusion.fuse(known.with_scores(_filled(known, lowest=False))).scores
    threshold = np.partition(lowest, len(lowest) - k)[len(lowest) - k]
    reach = highest >= threshold - _SLACK * max(1.0, abs(threshold))
    return Openness(known, missing & reach[:, None], reach)


def _with_known(table: ScoreTable, exhaustive: NDArray[np.bool_]) -> ScoreTable:
    if not exhaustive.any():
        return table
    minima = np.array([column.minimum for column in table.columns])
    known = np.where(~table.scored & exhaustive, minima, table.scores)
    return table.with_scores(known)


def _filled(table: ScoreTable, *, lowest: bool) -> Floats:
    scores = table.scores.copy()
    for position, column in enumerate(table.columns):
        holes = np.isnan(scores[:, position])
        if holes.any():
            listed = table.scores[table.ranks[:, position] > 0, position]
            worst = float(listed.min()) if len(listed) else column.maximum
            scores[holes, position] = column.minimum if lowest else worst
    return scores
