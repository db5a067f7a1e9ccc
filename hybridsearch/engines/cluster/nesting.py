"""Queries on vectors, wherever those lie: passages in a nested field, or the documents' own."""

from __future__ import annotations

from typing import Any, TypeAlias

from hybridsearch.engines.cluster.shape import VectorShape

Query: TypeAlias = dict[str, Any]


def by_best_passage(query: Query, shape: VectorShape) -> Query:
    """A query on vectors, as one on documents: each counts by its best passage."""
    if shape.nested is None:
        return query
    return {"nested": {"path": shape.nested, "score_mode": "max", "query": query}}


def with_passages(query: Query, shape: VectorShape, name: str, passages: int) -> Query:
    """A query for nested vectors that also tells its documents' best passages, under this name."""
    places = [f"{shape.nested}.{end}" for end in ("start", "end") if shape.places]
    hits = {"name": name, "size": passages, "_source": False, "docvalue_fields": places}
    return {"nested": {**query["nested"], "inner_hits": hits}}


def having_vectors(shape: VectorShape) -> Query:
    """The query for documents that have vectors in a field."""
    there: Query = {"exists": {"field": shape.vector}}
    return there if shape.nested is None else {"nested": {"path": shape.nested, "query": there}}
