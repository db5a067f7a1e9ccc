"""The arguments of a search, of many and of a look-up, as requests and calls."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any, Final

from hybridsearch.engines.calls import Get, Scan
from hybridsearch.errors import QueryError, UnknownNameError
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
    if not isinstance(id, str):
        raise QueryError(f"an id must be a string, not {id!r}")
    return Get((id,))


def next_page(after: str | None, *, vectors: bool) -> Scan:
    """The call for the documents after an id."""
    return Scan(after, _PAGE_WITH_VECTORS if vectors else _PAGE, vectors)


def _names(option: str, given: str | Iterable[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{option} must be names, not {name!r}")
    return names
