"""The arguments of searches, look-ups, scans and deletions, as requests and calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from hybridsearch.engines.calls import Get, Scan
from hybridsearch.errors import QueryError, UnknownNameError
from hybridsearch.model.document import asked_id
from hybridsearch.model.request import SearchRequest

_PAGE: Final = 500
_PAGE_WITH_VECTORS: Final = 100  # some ten kilobytes a passage on their way
_KNOWN = frozenset(field.name for field in fields(SearchRequest)) - {"text"}


def as_request(query: str | SearchRequest | None, **options: Any) -> SearchRequest:
    """A request from a text and options, or the request itself."""
    if isinstance(query, SearchRequest):
        return query
    for name in options:
        if name not in _KNOWN:
            raise UnknownNameError("search option", name, _KNOWN)
    for name in ("retrievers", "fields"):
        if options.get(name) is not None:
            options[name] = _names(name, options[name])
    return replace(SearchRequest(text=query), **options)


def as_requests(queries: Iterable[str | SearchRequest], **options: Any) -> list[SearchRequest]:
    """Requests of many queries; raises QueryError for one text in place of many."""
    if isinstance(queries, str | SearchRequest) or not isinstance(queries, Iterable):
        raise QueryError(
            f"search_many takes an iterable of queries, not one {type(queries).__name__}: put a "
            "single query into a list, or use search"
        )
    return [as_request(query, **options) for query in queries]


def get_one(id: object) -> Get:
    """The call for one document; raises QueryError for an id that no document can have."""
    return Get((asked_id(id),))


def next_page(after: object, *, vectors: object) -> Scan:
    """The call for the documents after an id, None for the first; raises QueryError for what is
    none of the two, and for `vectors` that is not true or false."""
    if not isinstance(vectors, bool | np.bool_):
        raise QueryError(f"vectors must be True or False, not {vectors!r}")
    last = None if after is None else asked_id(after, "after")
    return Scan(last, _PAGE_WITH_VECTORS if vectors else _PAGE, bool(vectors))


def as_ids(given: object) -> tuple[Any, ...]:
    """One id, or those of an iterable; raises QueryError for what is neither."""
    return _several("ids", "strings", given)


def _names(option: str, given: object) -> tuple[str, ...]:
    names = _several(option, "names", given)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{option} must be names, not {name!r}")
    return names


def _several(what: str, kind: str, given: object) -> tuple[Any, ...]:
    """The items of an iterable, or the one string that was given."""
    if isinstance(given, str):
        return (given,)
    if isinstance(given, bytes) or not isinstance(given, Iterable):
        raise QueryError(f"{what} must be {kind}, one or an iterable of them, not {given!r}")
    return tuple(given)
