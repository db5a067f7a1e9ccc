"""Filters as queries of Elasticsearch and OpenSearch, which agree on them."""

from __future__ import annotations

from typing import Any

from hybridsearch.model.filters import (
    AllOf,
    AnyOf,
    HasValue,
    Negation,
    Nothing,
    Range,
    Resolved,
    StartsWith,
    Term,
    Terms,
)
from hybridsearch.model.schema import Schema

Query = dict[str, Any]


def filter_query(where: Resolved, schema: Schema) -> Query:  # noqa: C901, PLR0911 - one line for each kind
    """The query that matches exactly the documents a filter lets through."""
    match where:
        case Term(field, value):
            return {"term": {field: value}}
        case Terms(field, values):
            return {"terms": {field: list(values)}}
        case Range(field):
            return {"range": {field: _bounds(where, schema)}}
        case HasValue(field):
            return {"exists": {"field": field}}
        case StartsWith(field, value):
            return {"prefix": {field: {"value": value}}}
        case AllOf(parts):
            return {"bool": {"filter": [filter_query(part, schema) for part in parts]}}
        case AnyOf(()):
            return {"match_none": {}}
        case AnyOf(parts):
            return {
                "bool": {
                    "should": [filter_query(part, schema) for part in parts],
                    "minimum_should_match": 1,
                }
            }
        case Negation(part):
            return {"bool": {"must_not": [filter_query(part, schema)]}}
        case Nothing():
            return {"match_none": {}}


def _bounds(where: Range, schema: Schema) -> dict[str, Any]:
    bounds: dict[str, Any] = {}
    if where.lower is not None:
        bounds["gte" if where.include_lower else "gt"] = where.lower
    if where.upper is not None:
        bounds["lte" if where.include_upper else "lt"] = where.upper
    if schema.field_types.get(where.field) == "date":
        bounds["format"] = "epoch_millis"
    return bounds
