"""The search flow: a request to a response, as a generator that yields the calls it needs made.

request -> plan -> [encode] -> [retrieve] -> score table -> [complete] -> fuse -> [fetch] -> response
"""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
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
from hybridsearch.fusion.order import top
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.hits import hits_of
from hybridsearch.searching.plan import Plan, plan_search
from hybridsearch.searching.tabulate import Candidacy, tabulate, with_completed

Step: TypeAlias = EncodeQuery | Retrieve | Complete
SearchFlow: TypeAlias = Generator[Step, Any, SearchResponse]

STEPS = ("encode", "retrieve", "complete", "fuse", "fetch")


def search(request: SearchRequest, schema: Schema, *, encodes: bool) -> SearchFlow:
    """Answer one request; the same flow for every engine, sync and async, one or many."""
    plan = plan_search(request, schema, encodes=encodes)
    timings = dict.fromkeys(STEPS, 0.0)
    warnings = list(plan.warnings)
    vector = plan.vector
    if plan.encode is not None:
        with _timed(timings, "encode"):
            encoded: EncodedQuery = yield EncodeQuery(plan.encode)
        vector = encoded.vector
        if encoded.overflow:
            warnings.append(
                f"the query is {encoded.overflow} word pieces longer than the encoder takes: the "
                "dense retrievers saw its beginning only"
            )
    queries = plan.queries(vector)
    with _timed(timings, "retrieve"):
        retrieved: Retrieved = yield Retrieve(queries, plan.where, request.depth)
    warnings.extend(retrieved.warnings)
    with _timed(timings, "fuse"):
        candidacy = tabulate(plan.columns, retrieved.candidates, request.depth)
        opened = openness(candidacy.table, candidacy.exhaustive, plan.fusion, request.end)
    settled = yield from _settle(request, plan, queries, candidacy, opened, timings)
    warnings.extend(settled.warnings)
    with _timed(timings, "fuse"):
        hits = hits_of(
            request, schema, candidacy, settled.opened.table, plan.fusion, settled.documents
        )
    if len(hits) < settled.expected:
        warnings.append(
            f"{settled.expected - len(hits)} hits were deleted while the search was running"
        )
    return SearchResponse(
        hits=hits,
        candidates=_by_name(plan, [len(given.ids) for given in retrieved.candidates]),
        completed=_by_name(plan, opened.cells.sum(axis=0).tolist()),
        timings_ms={name: round(value, 3) for name, value in timings.items()},
        warnings=tuple(warnings),
    )
