"""What a source of documents yields: documents with their place, or what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Located:
    """A document (a Document or a plain dict) and its place, such as `books.jsonl:17`."""

    place: str
    document: Any


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that is no document: its place, why, and what stands there."""

    place: str
    reason: str
    raw: str


Record: TypeAlias = Any
"""A Located, an Unreadable, a Document or a plain dict."""


@dataclass(frozen=True, slots=True)
class Pull:
    """Ask the source for its next records: at most `limit`, and about `size` bytes of them."""

    limit: int
    size: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """The next records, none at the end of the source; error: what the source raised after them."""

    records: Sequence[Record]
    error: Exception | None = None
