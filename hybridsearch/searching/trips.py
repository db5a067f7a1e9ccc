"""The trips to the engine: candidates, with documents that are likely wanted; then what is still
open, with documents again; then documents that nobody expected among the best."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from hybridsearch.engines.calls import (
    Ahead,
    Complete,
    Completed,
    Retrieve,
    Retrieved,
    RetrieverQuery,
    StoredDocument,
)
from hybridsearch.fusion.bounds import Openness
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.top import top
from hybridsearch.fusion.weights import weights_of
from hybridsearch.model.request import SearchRequest
from hybridsearch.searching.foresight import Foresight
from hybridsearch.searching.plan import Plan
from hybridsearch.searching.tabulate import Candidacy, with_completed
from hybridsearch.searching.timings import Timings

# Documents that are brought beside those that are asked for, in case a guess is a little off: a
# blend inside the server, or bounds on scores.
_AHEAD_MARGIN: Final = 6
_EARLY_MARGIN: Final = 4
_DEEPEST_AHEAD: Final = 60


@dataclass(frozen=True, eq=False)
class Answer:
    """The best candidates' rows, in order, with what was fused and fetched for them.

    rows: those whose documents are there; gone: how many are not.
    """

    rows: list[int]
    gone: int
    table: ScoreTable
    fused: Fused
    documents: dict[str, StoredDocument]


@dataclass(frozen=True, eq=False)
class Trips:
    """The trips of one request; ahead: what is brought along with the candidates, if anything.

    unanswered: why parts of the answer are missing, filled by each trip.
    """

    request: SearchRequest
    plan: Plan
    queries: tuple[RetrieverQuery, ...]
    foresight: Foresight
    ahead: Ahead | None
    timings: Timings
    unanswered: list[str]

    def retrieve(self) -> Generator[Retrieve, Retrieved, Retrieved]:
        """Each retriever's candidates."""
        request = self.request
        call = Retrieve(
            self.queries, self.plan.where, request.depth, self.ahead, request.allow_partial
        )
        with self.timings.step("retrieve"):
            retrieved = yield call
        self.unanswered.extend(retrieved.warnings)
        return retrieved

    def answer(
        self, candidacy: Candidacy, opened: Openness, brought: Mapping[str, StoredDocument] | None
    ) -> Generator[Complete, Completed, Answer]:
        """The best of them, their open scores asked for; brought: documents that came along."""
        end = self.request.end
        ids = candidacy.ids
        table = opened.table
        documents = dict(brought or {})
        asked = set(documents)
        likely: list[str] = []
        if opened.cells.any():
            cells = [np.flatnonzero(column) for column in opened.cells.T]
            missing = [[ids[row] for row in column] for column in cells]
            likely = self._likely(opened, ids) if brought is not None else []
            wanted = likely if self.foresight.scores.pays else []
            early = [id for id in wanted if id not in asked]
            completed = yield from self._trip("complete", missing, early)
            documents.update(completed.documents)
            asked.update(early)
            table = with_completed(table, cells, completed.scores, completed.incomplete)
        with self.timings.step("fuse"):
            fused = self.plan.fusion.fuse(table)
            rows = top(fused.scores, ids, end)[self.request.offset :]
        if likely:
            expected = asked.union(likely)
            self.foresight.scores.learn(saved=all(ids[row] in expected for row in rows))
        late = [ids[row] for row in rows if ids[row] not in asked]
        if brought is not None and _could_bring(self.request, self.plan):
            guessed = not late or self.ahead is None
            self.foresight.candidates.learn(saved=guessed and not opened.cells.any())
        if late and self.plan.ids_alone:
            documents.update((id, StoredDocument(id, {})) for id in late)
        elif late:
            fetched = yield from self._trip("fetch", [()] * len(self.queries), late)
            documents.update(fetched.documents)
        there = [row for row in rows.tolist() if ids[row] in documents]
        return Answer(there, len(rows) - len(there), table, fused, documents)

    def _likely(self, opened: Openness, ids: Sequence[str]) -> list[str]:
        """Those that are most likely the best, a few more than are asked for."""
        if self.plan.ids_alone:
            return []
        likely = np.where(opened.reach, opened.likely, -np.inf)
        rows = top(likely, ids, self.request.end + _EARLY_MARGIN)
        return [ids[row] for row in rows if opened.reach[row]]

    def _trip(
        self, step: str, missing: Sequence[Sequence[str]], fetch: Sequence[str]
    ) -> Generator[Complete, Completed, Completed]:
        call = Complete(
            queries=self.queries,
            missing=tuple(missing),
            fetch=fetch,
            fields=self.plan.fields,
            passages=self.request.passages,
            allow_partial=self.request.allow_partial,
        )
        with self.timings.step(step):
            completed = yield call
        if step == "complete":
            self.timings.move(completed.milliseconds.get("fetch", 0.0), source=step, to="fetch")
        self.unanswered.extend(completed.warnings)
        return completed


def _could_bring(request: SearchRequest, plan: Plan) -> bool:
    """Deep pages bring nothing along: they would bring all the pages before them."""
    return not plan.ids_alone and request.end <= _DEEPEST_AHEAD


def ahead_of(request: SearchRequest, plan: Plan) -> Ahead | None:
    """What may be brought along with the candidates of this request."""
    if not _could_bring(request, plan):
        return None
    weights = weights_of(plan.fusion, plan.columns)
    return Ahead(request.end + _AHEAD_MARGIN, weights, plan.fields, request.passages)
