"""What a hit says: a document with its fields and passages, and scores on their true scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import (
    DenseQuery,
    LexicalQuery,
    PassageMatch,
    RetrieverQuery,
    StoredDocument,
)
from hybridsearch.engines.cluster.documents import stored
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.objects import value_at
from hybridsearch.engines.cluster.passages import whole_text
from hybridsearch.engines.cluster.similarity import dot_products


def document(
    hit: Mapping[str, Any],
    queries: Sequence[RetrieverQuery],
    fields: Sequence[str] | None,
    index: ClusterIndex,
    whole: Mapping[str, Mapping[str, float]],
) -> StoredDocument:
    """A hit with its source and its inner hits.

    whole: for queries on fields that have one vector a document, the scores by id.
    """
    source = hit["_source"]
    id = id_of(hit, index)
    passages: list[PassageMatch] = []
    for query in queries:
        if isinstance(query, LexicalQuery):
            continue
        passages += [passage(query, inner, index) for inner in inner_hits(hit, query)]
        if id in whole.get(query.name, ()):
            place = whole_text(source, query.field, index.schema)
            passages.append(PassageMatch(query.field, *place, whole[query.name][id]))
    return stored(id, source, index.schema, index.shape, fields, passages)


def id_of(hit: Mapping[str, Any], index: ClusterIndex) -> str:
    """The id of a hit with its source."""
    id: str = value_at(hit["_source"], index.shape.id) if index.shape.id else hit["_id"]
    return id


def inner_hits(hit: Mapping[str, Any], query: RetrieverQuery) -> Sequence[Mapping[str, Any]]:
    """The passages that a hit brings for a dense query, best first."""
    found: Sequence[Mapping[str, Any]] = (
        hit.get("inner_hits", {}).get(query.name, {}).get("hits", {}).get("hits", ())
    )
    return found


def passage(query: DenseQuery, inner: Mapping[str, Any], index: ClusterIndex) -> PassageMatch:
    """One of them, by its place."""
    nested = index.shape.vectors[query.field].nested
    score = true_scores(query, np.array([inner["_score"]], dtype=np.float64), index)
    fields = inner.get("fields", {})
    start, end = (int(fields.get(f"{nested}.{name}", [-1])[0]) for name in ("start", "end"))
    return PassageMatch(query.field, start, end, float(score[0]))


def true_scores(
    query: RetrieverQuery, scores: NDArray[np.float64], index: ClusterIndex
) -> NDArray[np.float64]:
    """From the server's scale to the retriever's own: Lucene's BM25, or dot products."""
    if isinstance(query, LexicalQuery):
        return scores / index.bm25_factor
    return dot_products(scores, index.shape.vectors[query.field].scale)
