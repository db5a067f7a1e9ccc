"""Search bodies: one for each retriever, for each kind of score to complete, for documents."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any, Final

from hybridsearch.engines.calls import DenseQuery, LexicalQuery, RetrieverQuery
from hybridsearch.engines.cluster.documents import source_filter
from hybridsearch.engines.cluster.filters import filter_query
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.nesting import with_passages
from hybridsearch.model.filters import Resolved

Body = dict[str, Any]
Query = dict[str, Any]

_LEAST_NEIGHBOURS: Final = 200


def candidates_body(
    query: RetrieverQuery, where: Resolved | None, window: int, index: ClusterIndex
) -> Body:
    """The best `window` documents of one retriever: scores and ids."""
    return {**_ids_alone(index), "size": window, "query": retriever(query, where, window, index)}


def scores_body(query: RetrieverQuery, ids: Sequence[str], index: ClusterIndex) -> Body:
    """One retriever's scores of these documents, where it has any."""
    among = index.shape.among(ids)
    if isinstance(query, LexicalQuery):
        asked = lexical(query, among)
    else:
        asked = {
            "bool": {
                "filter": [among],
                "must": [similarities_of(query, ids, index)],
            }
        }
    return {**_ids_alone(index), "size": len(ids), "query": asked}


def documents_body(
    ids: Sequence[str],
    fields: Sequence[str] | None,
    queries: Sequence[RetrieverQuery],
    passages: int,
    index: ClusterIndex,
) -> Body:
    """Stored fields of documents, with their best passages for every dense query."""
    best = [
        with_passages(similarities_of(query, ids, index), shape, query.name, passages)
        for query in queries
        if passages
        and not isinstance(query, LexicalQuery)
        and (shape := index.shape.vectors[query.field]).nested
    ]
    asked: Query = {"filter": [index.shape.among(ids)]}
    if best:
        asked["should"] = best
    return {
        "track_total_hits": False,
        "size": len(ids),
        "_source": source_filter(index.schema, index.shape, fields),
        "query": {"bool": asked},
    }


def retriever(
    query: RetrieverQuery, where: Resolved | None, window: int, index: ClusterIndex
) -> Query:
    """A retriever's query among what a filter lets through."""
    among = None if where is None else filter_query(where, index)
    if isinstance(query, LexicalQuery):
        return lexical(query, among)
    # More than the window, so that ties at its end are cut by id and not by place in the index.
    neighbours = max(window, _LEAST_NEIGHBOURS)
    return nearest(query, neighbours, among, index)


def nearest(query: DenseQuery, neighbours: int, among: Query | None, index: ClusterIndex) -> Query:
    """The documents nearest to a vector."""
    shape = index.shape.vectors[query.field]
    return index.dialect.nearest(query, shape, index.settings, neighbours, among)


def similarities_of(query: DenseQuery, ids: Sequence[str], index: ClusterIndex) -> Query:
    """The exact similarities of these documents."""
    shape = index.shape.vectors[query.field]
    return index.dialect.similarities_of(query, shape, index.shape.among(ids), len(ids))


def lexical(query: LexicalQuery, among: Query | None) -> Query:
    """BM25 summed over weighted fields; any term may match."""
    clauses = [
        {"match": {field: {"query": query.text, "boost": weight}}}
        for field, weight in query.fields.items()
    ]
    asked: Query = {"should": clauses, "minimum_should_match": 1}
    if among is not None:
        asked["filter"] = [among]
    return {"bool": asked}


def preference(queries: Sequence[RetrieverQuery]) -> str:
    """The same for the same query: all its trips, and its pages, ask the same copies of shards,
    whose statistics may differ a little from those of others."""
    seed = 0
    for query in queries:
        given = query.text.encode() if isinstance(query, LexicalQuery) else query.vector.tobytes()
        seed = zlib.crc32(given, seed)
    return f"q{seed:08x}"


def _ids_alone(index: ClusterIndex) -> Body:
    """What brings nothing of a document but its id and its score.

    Ids come as sort values of a doc-valued keyword where there is one, and nothing stored is read
    then: `_id` is stored, and reading it for every candidate is most of what such a search costs.
    """
    if index.shape.id is None:
        return {"track_total_hits": False, "_source": False}
    sort = [{"_score": "desc"}, {index.shape.id: "asc"}]
    return {
        "track_total_hits": False,
        "stored_fields": "_none_",
        "_source": False,
        "sort": sort,
    }
