"""Calls that tell what has changed and what need not be encoded again: digests, and vectors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.model.digests import Digests


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
class StoredVectors:
    """A document's passages by field, as they were written to the last bit, without rows where it
    has none; and its digests of the same moment."""

    digests: Digests
    vectors: Mapping[str, PassageVectors]


@dataclass(frozen=True, slots=True, eq=False)
class GotVectors:
    """The passages of the documents that are there, by id."""

    documents: Mapping[str, StoredVectors]
