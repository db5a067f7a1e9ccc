"""Filters as queries of Elasticsearch and OpenSearch, which agree on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.moments import iso_moment
from hybridsearch.errors import FilterError
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

Query = dict[str, Any]
_ID = "id"
_MOST_TERMS: Final = 65_536  # index.max_terms_count of both


def filter_query(where: Resolved, index: ClusterIndex) -> Query:  # noqa: C901, PLR0911 - one line for each kind
    """The query that matches exactly the documents a filter lets through."""
    match where:
        case Term(field, value):
            return {"term": {_name(field, index): value}}
        case Terms(field, values):
            return _among(_name(field, index), values)
        case Range(field):
            return {"range": {_ordered(field, index): _bounds(where, index)}}
        case HasValue(field):
            return {"exists": {"field": _name(field, index)}}
        case StartsWith(field, value):
            return {"prefix": {_ordered(field, index): {"value": value}}}
        case AllOf(parts):
            return {"bool": {"filter": [filter_query(part, index) for part in parts]}}
        case AnyOf(()):
            return {"match_none": {}}
        case AnyOf(parts):
            return {
                "bool": {
                    "should": [filter_query(part, index) for part in parts],
                    "minimum_should_match": 1,
                }
            }
        case Negation(Negation(part)):  # servers take nests of some 30 levels
            return filter_query(part, index)
        case Negation(part):
            return {"bool": {"must_not": [filter_query(part, index)]}}
        case Nothing():
            return {"match_none": {}}


def _among(name: str, values: Sequence[Any]) -> Query:
    parts = [
        {"terms": {name: list(values[begin : begin + _MOST_TERMS])}}
        for begin in range(0, max(len(values), 1), _MOST_TERMS)
    ]
    return parts[0] if len(parts) == 1 else {"bool": {"should": parts, "minimum_should_match": 1}}


def _bounds(where: Range, index: ClusterIndex) -> dict[str, Any]:
    lower, upper = where.lower, where.upper
    bounds: dict[str, Any] = {}
    if index.schema.field_types.get(where.field) == "date":
        # As text: OpenSearch reads milliseconds before 1970 as other moments.
        lower, upper = (None if end is None else iso_moment(end) for end in (lower, upper))
        bounds["format"] = "strict_date_optional_time||epoch_millis"
    if lower is not None:
        bounds["gte" if where.include_lower else "gt"] = lower
    if upper is not None:
        bounds["lte" if where.include_upper else "lt"] = upper
    return bounds


def _name(field: str, index: ClusterIndex) -> str:
    return index.shape.id_field if field == _ID else field


def _ordered(field: str, index: ClusterIndex) -> str:
    """A field that is asked for more than equal values."""
    if field == _ID and index.shape.id is None:
        raise FilterError(
            f"the ids of {index.target} can be asked by == and in alone: it was adopted, and has "
            "them nowhere but in _id, which servers keep without an order"
        )
    return _name(field, index)
