"""Calls that read back what was written: digests, vectors, whole documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.model.digests import Digests
from hybridsearch.model.document import Document


@dataclass(frozen=True, slots=True)
class GetDigests:
    """The digests of documents by id, as far as searches see them."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class GotDigests:
    """The digests of the documents that are there, by id."""

    digests: Mapping[str, Digests]


@dataclass(frozen=True, slots=True)
class GetVectors:
    """The passages of documents by id, of these vector fields."""

    ids: Sequence[str]
    fields: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class GotVectors:
    """The passages of the documents that are there by id and field, without rows where a document
    has none; as they were written to the last bit, with the digests of their texts."""

    documents: Mapping[str, Mapping[str, PassageVectors]]


@dataclass(frozen=True, slots=True)
class ListIds:
    """The next `limit` ids that searches see, by code points, after an id, there or not."""

    after: str | None
    limit: int


@dataclass(frozen=True, slots=True)
class ListedIds:
    """The ids, none where there are no more."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class GetWhole:
    """Documents by id with all that is kept of them, written or not yet visible to searches."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True, eq=False)
class Whole:
    """A document with its passages by vector field. state: what a write is given that must find
    the document unchanged."""

    document: Document
    state: Any


@dataclass(frozen=True, slots=True)
class GotWhole:
    """The documents that are there, by id."""

    documents: Mapping[str, Whole]
