"""Complete: exact scores by retriever, and documents with their passages, in one trip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import (
    Complete,
    Completed,
    LexicalQuery,
    PassageMatch,
    RetrieverQuery,
    StoredDocument,
)
from hybridsearch.engines.cluster.documents import stored
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import ID
from hybridsearch.engines.cluster.multisearch import Answer, Search
from hybridsearch.engines.cluster.retrieval import candidates, true_scores
from hybridsearch.engines.cluster.searches import documents_body, preference, scores_body


def completion_searches(call: Complete, index: ClusterIndex) -> list[Search]:
    """One for each retriever that is asked for scores, and one for the documents."""
    copies = preference(call.queries)
    searches = [
        Search(
            scores_body(query, ids, index),
            copies,
            f"for scores of {query.name}",
            call.allow_partial,
        )
        for query, ids in zip(call.queries, call.missing, strict=True)
        if ids
    ]
    if call.fetch:
        body = documents_body(call.fetch, call.fields, call.queries, call.passages, index)
        searches.append(Search(body, copies, "for documents", call.allow_partial))
    return searches


def completed(call: Complete, answers: Sequence[Answer], index: ClusterIndex) -> Completed:
    """The scores in the order asked, NaN for none, and the documents."""
    given = iter(answers)
    scores = tuple(
        _scores(query, ids, next(given), index) if ids else np.empty(0)
        for query, ids in zip(call.queries, call.missing, strict=True)
    )
    documents = {}
    if call.fetch:
        for hit in next(given).hits:
            found = document(hit, call.queries, call.fields, index)
            documents[found.id] = found
    warnings = tuple(answer.warning for answer in answers if answer.warning)
    return Completed(scores, documents, warnings=warnings)


def document(
    hit: Mapping[str, Any],
    queries: Sequence[RetrieverQuery],
    fields: Sequence[str] | None,
    index: ClusterIndex,
) -> StoredDocument:
    """A hit with its source and its inner hits."""
    source = hit["_source"]
    passages = [
        _passage(query, inner, index)
        for query in queries
        if not isinstance(query, LexicalQuery)
        for inner in _inner_hits(hit, query)
    ]
    return stored(source[ID], source, index.schema, fields, passages)


def _inner_hits(hit: Mapping[str, Any], query: RetrieverQuery) -> Sequence[Mapping[str, Any]]:
    found: Sequence[Mapping[str, Any]] = (
        hit.get("inner_hits", {}).get(query.name, {}).get("hits", {}).get("hits", ())
    )
    return found


def _passage(query: RetrieverQuery, inner: Mapping[str, Any], index: ClusterIndex) -> PassageMatch:
    field = getattr(query, "field", "")
    score = true_scores(query, np.array([inner["_score"]], dtype=np.float64), index)
    fields = inner.get("fields", {})
    start, end = (int(fields.get(f"{field}.{name}", [-1])[0]) for name in ("start", "end"))
    return PassageMatch(field, start, end, float(score[0]))


def _scores(
    query: RetrieverQuery, ids: Sequence[str], answer: Answer, index: ClusterIndex
) -> NDArray[np.float64]:
    found = candidates(query, answer, index)
    by_id = dict(zip(found.ids, found.scores.tolist(), strict=True))
    return np.array([by_id.get(id, np.nan) for id in ids], dtype=np.float64)
