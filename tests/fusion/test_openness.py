"""Asking only for the cells that matter gives the same answer as asking for all."""

from __future__ import annotations

import numpy as np
import pytest
from hidden_scores import HiddenScores, fusions, hidden_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.fusion.bounds import openness
from hybridsearch.fusion.comb import CombSum
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.order_statistics import Max
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.rrf import ReciprocalRank
from hybridsearch.fusion.table import Column
from hybridsearch.fusion.top import top
from hybridsearch.searching.tabulate import Candidacy

LEXICAL_AND_DENSE = (Column.lexical(), Column.dense())


@given(st.data(), st.integers(1, 8), st.integers(1, 6))
@settings(max_examples=1500, deadline=None)
def test_open_cells_alone_decide_the_best_k(data: st.DataObject, window: int, k: int) -> None:
    hidden = data.draw(hidden_scores())
    fusion = data.draw(fusions(hidden.columns, asking=True))
    candidacy = hidden.candidacy(window)

    opened = openness(candidacy.table, candidacy.exhaustive, fusion, k)
    asked = Candidacy(candidacy.ids, opened.table, candidacy.exhaustive)
    table = hidden.completed(asked, opened.cells)
    scores = fusion.fuse(table).scores
    rows = top(scores, candidacy.ids, k)

    found = [(candidacy.ids[row], float(scores[row])) for row in rows]
    assert found == hidden.best(window, fusion, k)
    assert table.scored[rows].all(), "a cell of a hit was left open"
    assert opened.reach[rows].all()
    missing = ~candidacy.table.scored
    assert not (opened.cells & ~missing).any(), "a known score was asked for"
    assert not opened.cells[:, candidacy.exhaustive].any(), "an exhaustive list was asked"


@given(hidden_scores(columns=[LEXICAL_AND_DENSE]), st.integers(1, 8), st.integers(1, 6))
@settings(max_examples=300, deadline=None)
def test_known_scores_are_never_changed(hidden: HiddenScores, window: int, k: int) -> None:
    candidacy = hidden.candidacy(window)
    opened = openness(candidacy.table, candidacy.exhaustive, Convex(), k)
    scored = candidacy.table.scored
    assert np.array_equal(opened.table.scores[scored], candidacy.table.scores[scored])
    assert np.array_equal(opened.table.ranks, candidacy.table.ranks)


def _hidden(scores: list[tuple[float, float]]) -> HiddenScores:
    ids = tuple(f"d{number:02}" for number in range(len(scores)))
    return HiddenScores(ids, LEXICAL_AND_DENSE, np.array(scores))


def test_nothing_is_asked_where_every_list_is_exhaustive() -> None:
    candidacy = _hidden([(3, 0.5), (np.nan, 0.4), (1, np.nan)]).candidacy(window=10)
    opened = openness(candidacy.table, candidacy.exhaustive, Convex(), 1)
    assert not opened.cells.any()
    assert opened.table.scored.all()
    by_id = dict(zip(candidacy.ids, opened.table.scores.tolist(), strict=True))
    assert by_id == {"d00": [3, 0.5], "d01": [0, 0.4], "d02": [1, -1]}


def test_a_list_as_long_as_its_window_is_not_exhaustive() -> None:
    candidacy = _hidden([(3, 0.5), (2, 0.4)]).candidacy(window=2)
    assert not candidacy.exhaustive.any()


def test_hopeless_candidates_are_not_asked_about() -> None:
    near = [(9.0 - n, 0.9 - n / 100) for n in range(4)]
    far = [(np.nan, 0.1), (0.5, -0.9)]
    candidacy = _hidden(near + far).candidacy(window=5)
    opened = openness(candidacy.table, candidacy.exhaustive, Convex(), 2)
    assert not opened.cells.any()
    assert not opened.reach[candidacy.ids.index("d05")]


@pytest.mark.parametrize(
    "fusion", [ReciprocalRank(), Convex(missing="minimum"), CombSum(missing="ignore")]
)
def test_only_completing_fusions_ask(fusion: Fusion) -> None:
    candidacy = _hidden([(3, 0.1), (1, 0.9), (2, 0.5)]).candidacy(window=1)
    opened = openness(candidacy.table, candidacy.exhaustive, fusion, 1)
    assert not opened.cells.any()
    assert opened.reach.all()
    assert np.isnan(opened.table.scores).any()


def test_no_candidates_leave_nothing_open() -> None:
    candidacy = _hidden([(np.nan, np.nan)]).candidacy(window=3)
    opened = openness(candidacy.table, candidacy.exhaustive, Convex(), 1)
    assert opened.cells.shape == (0, 2)


def test_candidates_that_can_only_tie_with_the_best_are_asked_about() -> None:
    candidacy = _hidden([(3, np.nan), (np.nan, 0.9)]).candidacy(window=1)
    opened = openness(candidacy.table, candidacy.exhaustive, Max(), 1)
    assert opened.reach.all()
    assert opened.cells.sum() == 2


def test_a_retriever_that_listed_no_one_and_may_match_bounds_nothing() -> None:
    candidacy = _hidden([(3, np.nan), (2, np.nan), (1, np.nan)]).candidacy(window=5)
    opened = openness(candidacy.table, np.array([True, False]), Convex(dense=0.01), 1)
    assert opened.cells[:, 1].all()
