"""The search flow: a request to a response, as a generator that yields the calls it needs made.

request -> plan -> [encode] -> [retrieve] -> score table -> [complete] -> fuse -> [fetch]
-> response
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.calls import EncodedQuery, EncodeQuery
from hybridsearch.engines.calls import (
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
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import Hit, SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.hits import hit, ledger_of
from hybridsearch.searching.plan import Plan, plan_search
from hybridsearch.searching.tabulate import Candidacy, tabulate, with_completed
from hybridsearch.searching.timings import Timings

Step: TypeAlias = EncodeQuery | Retrieve | Complete
SearchFlow: TypeAlias = Generator[Step, Any, SearchResponse]


@dataclass(frozen=True, eq=False)
class _Answer:
    """The best candidates' rows, in order, with what was fused and fetched for them."""

    rows: NDArray[np.int64]
    table: ScoreTable
    fused: Fused
    documents: dict[str, StoredDocument]


def search(request: SearchRequest, schema: Schema, *, encodes: bool) -> SearchFlow:
    """Answer one request; the same flow for every engine, sync and async, one or many."""
    plan = plan_search(request, schema, encodes=encodes)
    timings = Timings()
    warnings = list(plan.warnings)
    queries = yield from _queries(plan, timings, warnings)
    with timings.step("retrieve"):
        retrieved: Retrieved = yield Retrieve(
            queries, plan.where, request.depth, request.allow_partial
        )
    warnings.extend(retrieved.warnings)
    with timings.step("fuse"):
        candidacy = tabulate(plan.columns, retrieved.candidates, request.depth)
        opened = openness(candidacy.table, candidacy.exhaustive, plan.fusion, request.end)
    ask = _Asking(request, schema, queries, candidacy, timings, warnings)
    answer = yield from ask.answer(plan, opened)
    with timings.step("fuse"):
        hits = _hits(request, schema, candidacy.ids, answer, opened)
    if len(hits) < len(answer.rows):
        gone = len(answer.rows) - len(hits)
        warnings.append(f"{gone} of the hits were deleted while the search was running")
    return SearchResponse(
        hits=hits,
        candidates=_by_name(plan, [len(given.ids) for given in retrieved.candidates]),
        completed=_by_name(plan, opened.cells.sum(axis=0).tolist()),
        timings_ms=timings.rounded(),
        warnings=tuple(warnings),
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
    """The trips after retrieval: completion and fetch, together where that is one trip less."""

    request: SearchRequest
    schema: Schema
    queries: tuple[RetrieverQuery, ...]
    candidacy: Candidacy
    timings: Timings
    warnings: list[str]

    def answer(self, plan: Plan, opened: Openness) -> Generator[Complete, Completed, _Answer]:
        end = self.request.end
        ids = self.candidacy.ids
        table = opened.table
        documents: dict[str, StoredDocument] = {}
        early: list[str] = []
        if opened.cells.any():
            cells = [np.flatnonzero(column) for column in opened.cells.T]
            reach = np.flatnonzero(opened.reach)
            # Where few can still be among the best, their fields travel with the scores.
            early = [ids[row] for row in reach] if len(reach) <= 2 * end + 20 else []
            completed = yield from self._trip("complete", cells, early)
            documents.update(completed.documents)
            table = with_completed(table, cells, completed.scores)
        with self.timings.step("fuse"):
            fused = plan.fusion.fuse(table)
            rows = top(fused.scores, ids, end)[self.request.offset :]
        asked = frozenset(early)
        late = [ids[row] for row in rows if ids[row] not in asked]
        if late:
            nothing = [np.empty(0, dtype=np.int64)] * len(self.queries)
            fetched = yield from self._trip("fetch", nothing, late)
            documents.update(fetched.documents)
        return _Answer(rows, table, fused, documents)

    def _trip(
        self, step: str, cells: Sequence[NDArray[np.int64]], fetch: Sequence[str]
    ) -> Generator[Complete, Completed, Completed]:
        ids = self.candidacy.ids
        call = Complete(
            queries=self.queries,
            missing=tuple([ids[row] for row in column] for column in cells),
            fetch=fetch,
            fields=self._fields(),
            passages=self.request.passages,
            allow_partial=self.request.allow_partial,
        )
        with self.timings.step(step):
            completed = yield call
        if step == "complete":
            self.timings.move(completed.milliseconds.get("fetch", 0.0), source=step, to="fetch")
        self.warnings.extend(completed.warnings)
        return completed

    def _fields(self) -> tuple[str, ...] | None:
        if self.request.fields is None:
            return None
        embedded = [name for field in self.schema.dense.values() for name in field.embeds]
        shown = embedded if self.request.passages else []
        return tuple(dict.fromkeys((*self.request.fields, *shown)))


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
