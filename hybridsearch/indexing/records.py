"""What a source of documents yields: documents with their place, or what could not be read."""

from __future__ import annotations

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
    """Ask the source for its next records: at most `limit`, and about `characters` of text."""

    limit: int
    characters: int
