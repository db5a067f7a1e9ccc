"""The search flow: a request to a response, as a generator that yields the calls it needs made.

request -> plan -> [encode] -> [retrieve] -> score table -> [complete] -> fuse -> [fetch]
-> response
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.calls import EncodedQuery, EncodeQuery
from hybridsearch.engines.calls import (
    Ahead,
    Complete,
    Completed,
    Retrieve,
    Retrieved,
    RetrieverQuery,
    StoredDocument,
)
from hybridsearch.fusion.bounds import Openness, openness
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.fusion.top import top
from hybridsearch.fusion.weights import weights_of
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import Hit, SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.foresight import Foresight
from hybridsearch.searching.hits import hit, ledger_of
from hybridsearch.searching.plan import Plan, plan_search
from hybridsearch.searching.tabulate import Candidacy, tabulate, with_completed
from hybridsearch.searching.timings import Timings

Step: TypeAlias = EncodeQuery | Retrieve | Complete
SearchFlow: TypeAlias = Generator[Step, Any, SearchResponse]

# Documents that are brought beside those that are asked for, in case a guess is a little off: a
# blend inside the server, or bounds on scores.
_AHEAD_MARGIN: Final = 6
_EARLY_MARGIN: Final = 4
_DEEPEST_AHEAD: Final = 60


@dataclass(frozen=True, eq=False)
class _Answer:
    """The best candidates' rows, in order, with what was fused and fetched for them."""

    rows: NDArray[np.int64]
    table: ScoreTable
    fused: Fused
    documents: dict[str, StoredDocument]


def search(
    request: SearchRequest, schema: Schema, *, encodes: bool, foresight: Foresight
) -> SearchFlow:
    """Answer one request; the same flow for every engine, sync and async, one or many.

    encodes: whether there is an encoder; foresight: of the index that is searched.
    """
    plan = plan_search(request, schema, encodes=encodes)
    timings = Timings()
    warnings = list(plan.warnings)
    unanswered: list[str] = []
    queries = yield from _queries(plan, timings, warnings)
    ahead = _ahead(request, plan) if foresight.candidates.pays else None
    ask = _Asking(request, plan, queries, foresight, ahead, timings, unanswered)
    retrieved = yield from ask.retrieve()
    with timings.step("fuse"):
        candidacy = tabulate(plan.columns, retrieved.candidates, request.depth)
        opened = openness(candidacy.table, candidacy.exhaustive, plan.fusion, request.end)
    answer = yield from ask.answer(candidacy, opened, retrieved.documents)
    with timings.step("fuse"):
        hits = _hits(request, schema, candidacy.ids, answer, opened)
    warnings.extend(unanswered)
    if len(hits) < len(answer.rows):
        gone = len(answer.rows) - len(hits)
        unless = ", or are in a part of the index that did not answer"
        warnings.append(
            f"{gone} of the hits were deleted while the search was running"
            f"{unless if request.allow_partial else ''}"
        )
    return SearchResponse(
        hits=hits,
        candidates=_by_name(plan, [len(given.ids) for given in retrieved.candidates]),
        completed=_by_name(plan, opened.cells.sum(axis=0).tolist()),
        timings_ms=timings.rounded(),
        warnings=tuple(dict.fromkeys(warnings)),
        degraded=bool(unanswered),
        query_id=request.query_id,
    )


def _queries(
    plan: Plan, timings: Timings, warnings: list[str]
) -> Generator[EncodeQuery, EncodedQuery, tuple[RetrieverQuery, ...]]:
    vector = plan.vector
    if plan.encode is not None:
        with timings.step("encode"):
            encoded = yield EncodeQuery(plan.encode)
        vector = encoded.vector
        if encoded.overflow:
            warnings.append(
                f"the query is {encoded.overflow} word pieces longer than the encoder reads: the "
                "dense retrievers saw its beginning only"
            )
    return plan.queries(vector)


@dataclass(frozen=True, eq=False)
class _Asking:
    """The trips to the engine: candidates, with documents that are likely wanted; then what is
    still open, with documents again; then documents that nobody expected among the best."""

    request: SearchRequest
    plan: Plan
    queries: tuple[RetrieverQuery, ...]
    foresight: Foresight
    ahead: Ahead | None
    timings: Timings
    unanswered: list[str]

    def retrieve(self) -> Generator[Retrieve, Retrieved, Retrieved]:
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
    ) -> Generator[Complete, Completed, _Answer]:
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
        return _Answer(rows, table, fused, documents)

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


def _ahead(request: SearchRequest, plan: Plan) -> Ahead | None:
    if not _could_bring(request, plan):
        return None
    weights = weights_of(plan.fusion, plan.columns)
    return Ahead(request.end + _AHEAD_MARGIN, weights, plan.fields, request.passages)


def _hits(
    request: SearchRequest,
    schema: Schema,
    ids: Sequence[str],
    answer: _Answer,
    opened: Openness,
) -> tuple[Hit, ...]:
    made = []
    for row in answer.rows.tolist():
        document = answer.documents.get(ids[row])
        if document is None:
            continue
        ledger = ledger_of(row, answer.table, answer.fused, opened.cells) if request.explain else {}
        score = float(answer.fused.scores[row])
        made.append(hit(ids[row], score, document, schema, request.fields, ledger))
    return tuple(made)


def _by_name(plan: Plan, numbers: Sequence[int]) -> dict[str, int]:
    return {column.name: int(number) for column, number in zip(plan.columns, numbers, strict=True)}
