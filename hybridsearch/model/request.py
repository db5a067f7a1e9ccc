"""The request: what one search asks for, checked before anything is done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, TypedDict

import numpy as np

from hybridsearch.errors import QueryError
from hybridsearch.model.filters import Node

DEFAULT_FUSION: Final = "convex"
DEFAULT_WINDOW: Final = 200
MAXIMUM_WINDOW: Final = 10_000
MAXIMUM_QUERY_CHARACTERS: Final = 10_000
MAXIMUM_NAME_CHARACTERS: Final = 100
MAXIMUM_PASSAGES: Final = 100  # index.max_inner_result_window of both servers


class SearchOptions(TypedDict, total=False):
    """The options of a search beside its text and k; their meanings are SearchRequest's."""

    vector: Any
    offset: int
    window: int | None
    where: str | Node | None
    fusion: Any
    retrievers: Iterable[str] | None
    fields: Iterable[str] | None
    passages: int
    explain: bool
    allow_partial: bool
    query_id: str | None
    client_id: str | None
    application: str | None


@dataclass(frozen=True, eq=False)
class SearchRequest:
    """One search.

    text: the query; vector: float32[dims] in place of encoding it. One of them is needed.
    k: hits to return, from `offset` on; window: candidates each retriever gives to fusion.
    retrievers: the names of those to ask, None for all; fusion: a setting or a dataclass.
    where: a filter, as text or as an object; fields: those to return, None for all.
    passages: how many of its best passages a hit shows, at most 100; explain: whether hits carry
    ledgers.
    allow_partial: where a part of the index does not answer, give the rest with a warning rather
    than raise PartialResultsError.
    query_id, client_id, application: who asks and from where, at most 100 characters each, for
    the query log alone; a logged search without a query_id is given one.
    """

    text: str | None = None
    vector: Any = None
    k: int = 10
    offset: int = 0
    window: int | None = None
    where: str | Node | None = None
    fusion: Any = DEFAULT_FUSION
    retrievers: tuple[str, ...] | None = None
    fields: tuple[str, ...] | None = None
    passages: int = 1
    explain: bool = False
    allow_partial: bool = False
    query_id: str | None = None
    client_id: str | None = None
    application: str | None = None

    @property
    def end(self) -> int:
        """How many of the best candidates have to be known: offset + k."""
        return self.offset + self.k

    @property
    def depth(self) -> int:
        """The window in use: as asked, or wide enough that completion is seldom needed."""
        return max(DEFAULT_WINDOW, self.end) if self.window is None else self.window

    def check(self) -> None:
        """Raises QueryError that says which value is wrong and what would be right."""
        self._check_text()
        self._check_identity()
        self._check_switches()
        for name, least in (("k", 1), ("offset", 0), ("passages", 0), ("window", 1)):
            value = getattr(self, name)
            if value is None and name == "window":
                continue
            if isinstance(value, bool) or not isinstance(value, int | np.integer):
                raise QueryError(f"{name} must be a whole number, not {value!r}")
            if value < least:
                raise QueryError(f"{name} must be at least {least}, not {value}")
        if self.passages > MAXIMUM_PASSAGES:
            raise QueryError(
                f"passages is {self.passages:,}; a hit shows at most {MAXIMUM_PASSAGES} of them"
            )
        if self.end > MAXIMUM_WINDOW:
            raise QueryError(
                f"offset + k is {self.end:,}; a search returns at most {MAXIMUM_WINDOW:,} hits: "
                "narrow it with a filter"
            )
        if self.depth > MAXIMUM_WINDOW:
            raise QueryError(f"window is {self.depth:,}; at most {MAXIMUM_WINDOW:,} is possible")
        if self.depth < self.end:
            raise QueryError(
                f"window {self.depth} is smaller than offset + k = {self.end}: "
                f"give window={self.end} or more, or leave it out"
            )

    def _check_identity(self) -> None:
        for name in ("query_id", "client_id", "application"):
            value = getattr(self, name)
            if value is None:
                continue
            if not isinstance(value, str) or not 0 < len(value) <= MAXIMUM_NAME_CHARACTERS:
                raise QueryError(
                    f"{name} must be a string of 1 to {MAXIMUM_NAME_CHARACTERS} characters, "
                    f"not {str(value)[:40]!r}"
                )

    def _check_switches(self) -> None:
        for name in ("explain", "allow_partial"):
            value = getattr(self, name)
            if not isinstance(value, bool | np.bool_):
                raise QueryError(f"{name} must be True or False, not {value!r}")

    def _check_text(self) -> None:
        if self.text is None:
            if self.vector is None:
                raise QueryError("a search needs a query text or a vector")
            return
        if not isinstance(self.text, str):
            raise QueryError(f"the query must be a string, not {type(self.text).__name__}")
        if not self.text.strip():
            raise QueryError("the query is empty: write what to look for")
        if len(self.text) > MAXIMUM_QUERY_CHARACTERS:
            raise QueryError(
                f"the query has {len(self.text):,} characters; at most "
                f"{MAXIMUM_QUERY_CHARACTERS:,} are possible: search with the part that matters"
            )
        try:
            self.text.encode()
        except UnicodeEncodeError as error:
            raise QueryError(f"the query is not valid Unicode ({error.reason})") from error
