"""Reading page by page, in the order of ids: each page needs nothing but the last id before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol, TypeVar


class _Named(Protocol):
    @property
    def id(self) -> str: ...


N = TypeVar("N", bound=_Named)


def pages(ask: Callable[[str | None], Sequence[N]], after: str | None = None) -> Iterator[N]:
    """What `ask` gives for the id that it is to come after, until it gives nothing."""
    while page := ask(after):
        yield from page
        after = page[-1].id
