"""A search's arguments as a request."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from typing import Any

from hybridsearch.errors import QueryError, UnknownNameError
from hybridsearch.model.request import SearchRequest

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


def _names(option: str, given: str | Iterable[str]) -> tuple[str, ...]:
    names = (given,) if isinstance(given, str) else tuple(given)
    for name in names:
        if not isinstance(name, str):
            raise QueryError(f"{option} must be names, not {name!r}")
    return names
