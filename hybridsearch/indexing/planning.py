"""From records to what is sent for them: updates are made whole, and texts get vectors."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from hybridsearch.encoding.digest import UNKNOWN_ENCODER
from hybridsearch.engines.calls import Write
from hybridsearch.engines.reading_calls import GetDigests, GetWhole, GotWhole, Whole
from hybridsearch.indexing.batch import Batch, make_batch
from hybridsearch.indexing.comparison import Comparison, only_documents
from hybridsearch.indexing.embedding import EmbeddingStep, embed
from hybridsearch.indexing.stretch import Stretch
from hybridsearch.model.schema import Schema

PlanningStep: TypeAlias = GetWhole | EmbeddingStep


@dataclass(frozen=True, slots=True)
class Rules:
    """What a record is checked against. encodes: whether there is an encoder for texts without
    vectors; normalise: whether vectors that are not of unit length are made so; comparison: where
    what has not changed is left out; encoder: the digest of its fingerprint, where it has one."""

    schema: Schema
    encodes: bool
    normalise: bool = False
    comparison: Comparison | None = None
    encoder: str = UNKNOWN_ENCODER


def plan(number: int, stretch: Stretch, rules: Rules) -> Generator[PlanningStep, Any, Batch]:
    """The batch of a stretch, ready to be sent."""
    batch = yield from check(number, stretch, rules)
    batch.write = Write((yield from embed(batch, rules.schema, rules.encoder)))
    return batch


def check(
    number: int, stretch: Stretch, rules: Rules
) -> Generator[GetWhole | GetDigests, Any, Batch]:
    """The batch of a stretch, without what nothing has to be done for."""
    if rules.comparison is not None:
        stretch = only_documents(stretch)
    stored: Mapping[str, Whole] = {}
    if stretch.updated:
        got: GotWhole = yield GetWhole(stretch.updated)
        stored = got.documents
    batch = make_batch(
        number,
        stretch,
        stored,
        rules.schema,
        encodes=rules.encodes,
        normalise=rules.normalise,
        encoder=rules.encoder,
    )
    if rules.comparison is not None:
        yield from rules.comparison.leave_out_unchanged(batch)
    return batch
