"""The search flow: a request to a response, as a generator that yields the calls it needs made.

request -> plan -> [encode] -> [retrieve] -> score table -> [complete] -> fuse -> [fetch]
-> response
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, Final, TypeAlias

from hybridsearch.encoding.calls import EncodedQuery, EncodeQuery
from hybridsearch.engines.calls import Complete, Retrieve, RetrieverQuery
from hybridsearch.fusion.bounds import Openness, openness
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import Hit, SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.foresight import Foresight
from hybridsearch.searching.hits import hit, ledger_of
from hybridsearch.searching.plan import Plan, plan_search
from hybridsearch.searching.tabulate import tabulate
from hybridsearch.searching.timings import Timings
from hybridsearch.searching.trips import Answer, Trips, ahead_of

Step: TypeAlias = EncodeQuery | Retrieve | Complete
SearchFlow: TypeAlias = Generator[Step, Any, SearchResponse]

# Between two trips a document may be deleted, or a node lost whose copy had shown it: what is there
# now is asked for once more, so that an answer is as long as it was asked to be.
_ATTEMPTS: Final = 2


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
    ahead = ahead_of(request, plan) if foresight.candidates.pays else None
    trips = Trips(request, plan, queries, foresight, ahead, timings, unanswered)
    for _ in range(_ATTEMPTS):
        retrieved = yield from trips.retrieve()
        with timings.step("fuse"):
            candidacy = tabulate(plan.columns, retrieved.candidates, request.depth)
            opened = openness(candidacy.table, candidacy.exhaustive, plan.fusion, request.end)
        answer = yield from trips.answer(candidacy, opened, retrieved.documents)
        if not answer.gone or unanswered:
            break
    with timings.step("fuse"):
        hits = _hits(request, schema, candidacy.ids, answer, opened)
    warnings.extend(unanswered)
    if answer.gone:
        unless = ", or are in a part of the index that did not answer"
        warnings.append(
            f"{answer.gone} of the hits were deleted while the search was running"
            f"{unless if unanswered else ''}"
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


def _hits(
    request: SearchRequest,
    schema: Schema,
    ids: Sequence[str],
    answer: Answer,
    opened: Openness,
) -> tuple[Hit, ...]:
    made = []
    for row in answer.rows:
        document = answer.documents[ids[row]]
        ledger = ledger_of(row, answer.table, answer.fused, opened.cells) if request.explain else {}
        score = float(answer.fused.scores[row])
        made.append(hit(ids[row], score, document, schema, request.fields, ledger))
    return tuple(made)


def _by_name(plan: Plan, numbers: Sequence[int]) -> dict[str, int]:
    return {column.name: int(number) for column, number in zip(plan.columns, numbers, strict=True)}
