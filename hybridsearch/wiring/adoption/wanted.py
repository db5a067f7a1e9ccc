"""What an adopted index is wanted to be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.encoding.protocol import Encoder


@dataclass(frozen=True)
class Wanted:
    """What of an index is to serve as what; None leaves it to what its fields and some documents
    show.

    text: fields that are searched, with their weights (`"title^2"`); metadata: fields to filter by;
    vectors: fields with vectors, or one name for the field that is added where documents are to get
    vectors; embeds: the text fields that the vectors are made of. encoder: what made the vectors,
    or is to make them, "none" for none; left out, that of an earlier adoption. Without one,
    queries bring theirs. id: a keyword field that repeats `_id`
    in every document. settings: of a field of vectors that is added, and of searches.
    """

    text: Sequence[str] | None = None
    metadata: Sequence[str] | None = None
    vectors: Sequence[str] | None = None
    embeds: Sequence[str] | None = None
    encoder: str | Encoder | None = None
    id: str | None = None
    settings: Mapping[str, Any] | None = None
