"""What every engine is: it is created, opened and closed, and it answers calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, Self

from hybridsearch.engines.calls import Call, Reply
from hybridsearch.model.definition import IndexDefinition


class Engine(Protocol):
    """Stores documents and answers retrievers.

    `create` raises IndexExistsError, `open` raises IndexNotFoundError; `location` is what follows
    the engine's name in a target.
    """

    @property
    def definition(self) -> IndexDefinition: ...

    @classmethod
    def create(cls, location: str, definition: IndexDefinition) -> Self: ...

    @classmethod
    def open(cls, location: str) -> Self: ...

    def perform(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """Answer calls in order; several at once may share a trip. Safe to call from threads."""
        ...

    def close(self) -> None:
        """Release locks, files and connections; what was not committed is forgotten."""
        ...
