"""A collection whose every score is known: what a search sees of it, and how it is drawn."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from hypothesis import strategies as st

from hybridsearch.engines.calls import Candidates
from hybridsearch.fusion.borda import Borda
from hybridsearch.fusion.comb import CombMnz, CombSum
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.dbsf import DistributionBased
from hybridsearch.fusion.isr import InverseSquareRank
from hybridsearch.fusion.means import GeometricMean, HarmonicMean, Mean
from hybridsearch.fusion.order_statistics import Max, Median, Min
from hybridsearch.fusion.protocol import Fusion, Missing
from hybridsearch.fusion.rrf import ReciprocalRank
from hybridsearch.fusion.table import Column, Floats, ScoreTable
from hybridsearch.searching.tabulate import Candidacy, tabulate

NORMALISATIONS = (
    "none",
    "min-max",
    "theoretical-min-max",
    "max",
    "sum",
    "z-score",
    "l2",
    "dbsf",
    "arctan",
    "arctan(scale=3.5)",
    "rank",
)


@dataclass(frozen=True, eq=False)
class HiddenScores:
    """scores: float64[n, r]; NaN where a retriever does not match a document at all."""

    ids: tuple[str, ...]
    columns: tuple[Column, ...]
    scores: Floats

    def lists(self, window: int) -> list[Candidates]:
        """What each retriever lists: its best, ties by id."""
        made = []
        for column in self.scores.T:
            rows = [row for row in range(len(self.ids)) if not np.isnan(column[row])]
            rows.sort(key=lambda row: (-column[row], self.ids[row]))
            rows = rows[:window]
            made.append(Candidates([self.ids[row] for row in rows], column[rows]))
        return made

    def without(self, ids: Collection[str]) -> HiddenScores:
        """The same collection, some documents of which match nothing."""
        left = np.isin(self.ids, list(ids))[:, None]
        return replace(self, scores=np.where(left, np.nan, self.scores))

    def candidacy(self, window: int) -> Candidacy:
        return tabulate(self.columns, self.lists(window), window)

    def score(self, position: int, id: str) -> float:
        return float(self.scores[self.ids.index(id), position])

    def completed(self, candidacy: Candidacy, cells: np.ndarray) -> ScoreTable:
        """The table with these cells asked for; what does not match gets the minimum."""
        scores = candidacy.table.scores.copy()
        for row, position in np.argwhere(cells):
            given = self.score(position, candidacy.ids[row])
            scores[row, position] = self.columns[position].minimum if np.isnan(given) else given
        return candidacy.table.with_scores(scores)

    def best(self, window: int, fusion: Fusion, k: int) -> list[tuple[str, float]]:
        """The answer by brute force: every missing cell is asked for, everything is sorted."""
        candidacy = self.candidacy(window)
        table = candidacy.table
        if fusion.missing == "complete":
            table = self.completed(candidacy, ~table.scored)
        scores = fusion.fuse(table).scores
        pairs = zip(candidacy.ids, scores.tolist(), strict=True)
        return sorted(pairs, key=lambda pair: (-pair[1], pair[0]))[:k]


_COLUMNS: tuple[tuple[Column, ...], ...] = (
    (Column.lexical(), Column.dense()),
    (Column.lexical(), Column.dense()),
    (Column.lexical(), Column.dense("title"), Column.dense("body")),
    (Column.dense(),),
    (Column.lexical(),),
)


@st.composite
def hidden_scores(
    draw: st.DrawFn, *, columns: Sequence[tuple[Column, ...]] = _COLUMNS, largest: int = 14
) -> HiddenScores:
    """Few distinct values, so that ties and exact zeros are common."""
    chosen = draw(st.sampled_from(columns))
    names = [f"d{number}" for number in range(largest)]
    ids = tuple(draw(st.permutations(names))[: draw(st.integers(1, largest))])
    lexical = st.integers(0, 6).map(lambda n: n / 2 if n else np.nan)
    dense = st.one_of(
        st.integers(-5, 5).map(lambda n: n / 5),
        st.integers(-1000, 1000).map(lambda n: n / 1000),
        st.just(np.nan),
    )
    scores = [
        [draw(lexical if column.kind == "lexical" else dense) for column in chosen] for _ in ids
    ]
    return HiddenScores(ids, chosen, np.array(scores, dtype=np.float64))


@st.composite
def fusions(draw: st.DrawFn, columns: Sequence[Column], *, asking: bool = False) -> Fusion:
    """Any fusion for these columns; asking: only those that complete missing scores."""
    weight = st.sampled_from([0.0, 0.1, 0.25, 1.0, 3.0])
    weights = draw(
        st.none()
        | st.fixed_dictionaries({column.name: weight for column in columns}).filter(
            lambda given: any(given.values())
        )
    )
    normalise = draw(st.sampled_from(NORMALISATIONS))
    policies: tuple[Missing, ...] = ("complete", "minimum", "worst")
    missing = "complete" if asking else draw(st.sampled_from(policies))
    scored: list[Fusion] = [
        Convex(
            dense=draw(st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0])),
            normalise=normalise,
            missing=missing,
        ),
        Convex(weights=weights, normalise=normalise, missing=missing),
        CombSum(weights, normalise, missing),
        CombMnz(weights, normalise, missing),
        Mean(weights, normalise, missing),
        GeometricMean(weights, normalise, missing),
        HarmonicMean(weights, normalise, missing),
        Max(normalise, missing),
        Min(normalise, missing),
        Median(normalise, missing),
        DistributionBased(weights, missing),
    ]
    ranked: list[Fusion] = [
        ReciprocalRank(weights=weights),
        ReciprocalRank(k=1),
        InverseSquareRank(weights),
        Borda(weights),
    ]
    return draw(st.sampled_from(scored if asking else scored + ranked))
