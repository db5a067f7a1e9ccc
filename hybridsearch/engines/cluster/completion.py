"""Complete: exact scores by retriever, and documents with their passages, in one trip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import (
    Complete,
    Completed,
    DenseQuery,
    RetrieverQuery,
)
from hybridsearch.engines.cluster.hits import document
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.multisearch import Answer, Search
from hybridsearch.engines.cluster.retrieval import candidates
from hybridsearch.engines.cluster.searches import documents_body, preference, scores_body
from hybridsearch.model.request import MAXIMUM_WINDOW


def completion_searches(call: Complete, index: ClusterIndex) -> list[Search]:
    """One for each retriever that is asked for scores, and one for the documents."""
    copies = preference(call.queries)
    searches = [
        Search(
            scores_body(query, part, index),
            copies,
            f"for scores of {query.name}",
            call.allow_partial,
        )
        for query, ids in zip(call.queries, call.missing, strict=True)
        for part in _parts(ids)
    ]
    if call.fetch:
        body = documents_body(call.fetch, call.fields, call.queries, call.passages, index)
        searches.append(Search(body, copies, "for documents", call.allow_partial))
        searches += [
            Search(
                scores_body(query, call.fetch, index),
                copies,
                f"for passages of {query.name}",
                call.allow_partial,
            )
            for query in _of_whole_documents(call, index)
        ]
    return searches


def completed(call: Complete, answers: Sequence[Answer], index: ClusterIndex) -> Completed:
    """The scores in the order asked, NaN for none, and the documents."""
    given = iter(answers)
    asked = [[next(given) for _ in _parts(ids)] for ids in call.missing]
    scores = tuple(
        _scores(query, ids, parts, index)
        for query, ids, parts in zip(call.queries, call.missing, asked, strict=True)
    )
    incomplete = frozenset(
        at for at, parts in enumerate(asked) if any(answer.warning for answer in parts)
    )
    documents = {}
    if call.fetch:
        hits = next(given).hits
        whole = {
            query.name: _by_id(query, next(given), index)
            for query in _of_whole_documents(call, index)
        }
        for hit in hits:
            found = document(hit, call.queries, call.fields, index, whole)
            documents[found.id] = found
    warnings = tuple(answer.warning for answer in answers if answer.warning)
    return Completed(scores, documents, warnings=warnings, incomplete=incomplete)


def _parts(ids: Sequence[str]) -> list[Sequence[str]]:
    """The ids, as many at a time as one search may bring: with three retrievers or more, one can
    lack more than a window."""
    return [ids[begin : begin + MAXIMUM_WINDOW] for begin in range(0, len(ids), MAXIMUM_WINDOW)]


def _scores(
    query: RetrieverQuery, ids: Sequence[str], parts: Sequence[Answer], index: ClusterIndex
) -> NDArray[np.float64]:
    by_id: dict[str, float] = {}
    for answer in parts:
        by_id.update(_by_id(query, answer, index))
    return np.array([by_id.get(id, np.nan) for id in ids], dtype=np.float64)


def _by_id(query: RetrieverQuery, answer: Answer, index: ClusterIndex) -> dict[str, float]:
    found = candidates(query, answer, index)
    return dict(zip(found.ids, found.scores.tolist(), strict=True))


def _of_whole_documents(call: Complete, index: ClusterIndex) -> list[DenseQuery]:
    """The queries for vectors that stand for whole documents, which inner hits do not tell."""
    return [
        query
        for query in call.queries
        if isinstance(query, DenseQuery)
        and call.passages
        and index.shape.vectors[query.field].nested is None
    ]
