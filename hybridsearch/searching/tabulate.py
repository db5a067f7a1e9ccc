"""Lists of candidates to one score table, and completed scores into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import Candidates
from hybridsearch.fusion.table import Column, ScoreTable


@dataclass(frozen=True, eq=False)
class Candidacy:
    """All candidates of a search: their ids, and their score table in the same order.

    exhaustive: bool[r], the retrievers whose list ended before the window did: whatever is not
    in it does not match at all.
    """

    ids: list[str]
    table: ScoreTable
    exhaustive: NDArray[np.bool_]


def tabulate(columns: tuple[Column, ...], lists: Sequence[Candidates], window: int) -> Candidacy:
    """Unite the lists; a candidate that is in several gets one row."""
    ids = list(dict.fromkeys(chain.from_iterable(candidates.ids for candidates in lists)))
    rows = dict(zip(ids, range(len(ids)), strict=True))
    scores = np.full((len(ids), len(columns)), np.nan)
    ranks = np.zeros((len(ids), len(columns)), dtype=np.int64)
    for column, candidates in enumerate(lists):
        place = np.fromiter(map(rows.__getitem__, candidates.ids), np.int64, len(candidates.ids))
        scores[place, column] = candidates.scores
        ranks[place, column] = np.arange(1, len(place) + 1)
    exhaustive = np.array(
        [len(given.ids) < window and not given.incomplete for given in lists], dtype=np.bool_
    )
    return Candidacy(ids, ScoreTable(columns, scores, ranks), exhaustive)


def with_completed(
    table: ScoreTable,
    cells: Sequence[NDArray[np.int64]],
    scores: Sequence[NDArray[np.float64]],
    incomplete: frozenset[int] = frozenset(),
) -> ScoreTable:
    """The table with completed scores; by column, rows int64[m] and their scores float64[m].

    A retriever that has no score for a document scores it with its minimum: no term of the query
    matches, or there is no vector. In an incomplete column, by position, the score is not known.
    """
    filled = table.scores.copy()
    for column, (rows, given) in enumerate(zip(cells, scores, strict=True)):
        none = np.nan if column in incomplete else table.columns[column].minimum
        filled[rows, column] = np.where(np.isnan(given), none, given)
    return table.with_scores(filled)
