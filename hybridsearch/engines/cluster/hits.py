"""What a hit says: a document with its fields and passages, and scores on their true scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import LexicalQuery, PassageMatch, RetrieverQuery, StoredDocument
from hybridsearch.engines.cluster.documents import stored
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import ID


def document(
    hit: Mapping[str, Any],
    queries: Sequence[RetrieverQuery],
    fields: Sequence[str] | None,
    index: ClusterIndex,
) -> StoredDocument:
    """A hit with its source and its inner hits."""
    source = hit["_source"]
    passages = [
        passage(query, inner, index)
        for query in queries
        if not isinstance(query, LexicalQuery)
        for inner in inner_hits(hit, query)
    ]
    return stored(source[ID], source, index.schema, fields, passages)


def inner_hits(hit: Mapping[str, Any], query: RetrieverQuery) -> Sequence[Mapping[str, Any]]:
    """The passages that a hit brings for a dense query, best first."""
    found: Sequence[Mapping[str, Any]] = (
        hit.get("inner_hits", {}).get(query.name, {}).get("hits", {}).get("hits", ())
    )
    return found


def passage(query: RetrieverQuery, inner: Mapping[str, Any], index: ClusterIndex) -> PassageMatch:
    """One of them, by its place."""
    field = getattr(query, "field", "")
    score = true_scores(query, np.array([inner["_score"]], dtype=np.float64), index)
    fields = inner.get("fields", {})
    start, end = (int(fields.get(f"{field}.{name}", [-1])[0]) for name in ("start", "end"))
    return PassageMatch(field, start, end, float(score[0]))


def true_scores(
    query: RetrieverQuery, scores: NDArray[np.float64], index: ClusterIndex
) -> NDArray[np.float64]:
    """From the server's scale to the retriever's own: Lucene's BM25, or dot products."""
    if isinstance(query, LexicalQuery):
        return scores / index.bm25_factor
    return index.dialect.similarity(scores)
