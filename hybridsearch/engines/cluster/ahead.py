"""Documents that come along with the candidates: many searches then need no second trip.

The server blends by itself, with a guess at what the best scores will be, and brings its first
documents. The ten best of the default fusion are all among 16 of them for 58 of 100 queries on
scifact, whose retrievers agree little, and for 91 on stackfaq; where one is not, it is fetched
later. No answer depends on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from hybridsearch.engines.calls import (
    Ahead,
    Candidates,
    DenseQuery,
    LexicalQuery,
    PassageMatch,
    Retrieve,
    StoredDocument,
)
from hybridsearch.engines.cluster.documents import source_filter, stored
from hybridsearch.engines.cluster.filters import filter_query
from hybridsearch.engines.cluster.hits import id_of, inner_hits, passage
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.nesting import with_passages
from hybridsearch.engines.cluster.passages import whole_text
from hybridsearch.engines.cluster.searches import lexical, nearest
from hybridsearch.engines.cluster.similarity import Scale, slope

Body = dict[str, Any]
Query = dict[str, Any]

# What a query's best BM25 score is for each of its words, and what its best similarity is above
# -1: medians over real collections, near enough for a guess.
_BM25_A_WORD: Final = 0.9
_COSINE_RANGE: Final = 1.6
# Neighbours that the blend looks at, for each document that it brings.
_NEIGHBOURS: Final = 3


def best_bm25(words: int, factor: float) -> float:
    """About what the best BM25 score is for a query of so many words; factor: the product's."""
    return _BM25_A_WORD * words * factor


def similarity_range(scale: Scale) -> float:
    """About how far the scores of a vector's neighbours reach."""
    return _COSINE_RANGE * slope(scale)


def ahead_body(call: Retrieve, ahead: Ahead, index: ClusterIndex) -> Body:
    """The documents that a blend inside the server puts first, with their fields and passages."""
    among = None if call.where is None else filter_query(call.where, index)
    clauses = []
    for query, weight in zip(call.queries, ahead.weights, strict=True):
        if weight <= 0:
            continue
        if isinstance(query, LexicalQuery):
            best = best_bm25(max(len(set(query.text.split())), 1), index.bm25_factor)
            clauses.append(_boosted(lexical(query, None), weight / best))
            continue
        neighbours = min(call.window, _NEIGHBOURS * ahead.count)
        near = nearest(query, neighbours, among, index)
        shape = index.shape.vectors[query.field]
        if _asks_inner_hits(ahead, index) and "nested" in near:
            near = with_passages(near, shape, query.name, ahead.passages)
        span = similarity_range(shape.scale)
        clauses.append(_boosted(near, weight / span))
    asked: Query = {"should": clauses, "minimum_should_match": 1}
    if among is not None:
        asked["filter"] = [among]
    return {
        "track_total_hits": False,
        "size": ahead.count,
        "_source": source_filter(
            index.schema, index.shape, ahead.fields, places=ahead.passages > 0
        ),
        "query": {"bool": asked},
    }


def brought(
    call: Retrieve,
    ahead: Ahead,
    hits: Sequence[Mapping[str, Any]],
    lists: Sequence[Candidates],
    index: ClusterIndex,
) -> dict[str, StoredDocument]:
    """The documents by id, those left out whose passages are wanted and did not come."""
    similarities = {
        query.name: dict(zip(given.ids, given.scores.tolist(), strict=True))
        for query, given in zip(call.queries, lists, strict=True)
        if isinstance(query, DenseQuery) and ahead.passages
    }
    documents = {}
    for hit in hits:
        source = hit["_source"]
        passages: list[PassageMatch] | None = []
        for query in call.queries:
            if isinstance(query, DenseQuery) and ahead.passages and passages is not None:
                found = _passages(hit, query, similarities[query.name], ahead.passages, index)
                passages = None if found is None else passages + found
        if passages is not None:
            id = id_of(hit, index)
            documents[id] = stored(id, source, index.schema, index.shape, ahead.fields, passages)
    return documents


def _passages(
    hit: Mapping[str, Any],
    query: DenseQuery,
    similarities: Mapping[str, float],
    most: int,
    index: ClusterIndex,
) -> list[PassageMatch] | None:
    """A document's best passages, `most` of them: from its inner hits; or, where it has but one,
    from its source, since that one is as near as the document is. None where that is not enough to
    know them."""
    shape = index.shape.vectors[query.field]
    if inner := inner_hits(hit, query):
        kept = len(hit["_source"].get(shape.nested, ())) if shape.places else most
        # OpenSearch tells of a document's nearest passage alone where it looks for documents.
        enough = len(inner) >= min(most, kept)
        return [passage(query, found, index) for found in inner] if enough else None
    score = similarities.get(id_of(hit, index))
    if shape.nested is None:
        # Without a score, nothing here tells whether the document has a vector.
        whole = whole_text(hit["_source"], query.field, index.schema)
        return None if score is None else [PassageMatch(query.field, *whole, score)]
    places = hit["_source"].get(shape.nested) or []
    if len(places) > 1 or not shape.places:
        index.seen.several_passages = True
        return None
    if not places:
        return []
    if score is None:
        return None
    return [PassageMatch(query.field, places[0]["start"], places[0]["end"], score)]


def _asks_inner_hits(ahead: Ahead, index: ClusterIndex) -> bool:
    """Inner hits cost as much as a retriever; where every document has one passage, none need be
    asked for."""
    return ahead.passages > 0 and index.seen.several_passages


def _boosted(query: Query, boost: float) -> Query:
    ((kind, inner),) = query.items()
    if kind == "knn":  # which one product would have within the field's name
        return {"bool": {"must": [query], "boost": boost}}
    return {kind: {**inner, "boost": boost}}
