"""From records to what is sent for them: updates are made whole, and texts get vectors."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, TypeAlias

from hybridsearch.engines.calls import Write
from hybridsearch.engines.reading_calls import GetDigests, GetWhole, GotWhole, Whole
from hybridsearch.indexing.batch import Batch, make_batch
from hybridsearch.indexing.comparison import Comparison, only_documents
from hybridsearch.indexing.embedding import EmbeddingStep, embed
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import Stretch

PlanningStep: TypeAlias = GetWhole | EmbeddingStep


def plan(
    number: int, stretch: Stretch, rules: Rules, comparison: Comparison | None = None
) -> Generator[PlanningStep, Any, Batch]:
    """The batch of a stretch, ready to be sent."""
    batch = yield from check(number, stretch, rules, comparison)
    yield from embed(batch, rules)
    batch.write = Write(batch.documents.listed())
    return batch


def check(
    number: int, stretch: Stretch, rules: Rules, comparison: Comparison | None
) -> Generator[GetWhole | GetDigests, Any, Batch]:
    """The batch of a stretch, without its texts' vectors and, where it is compared, without what
    has not changed."""
    if comparison is not None:
        stretch = only_documents(stretch)
    stored: Mapping[str, Whole] = {}
    if stretch.updated:
        got: GotWhole = yield GetWhole(stretch.updated)
        stored = got.documents
    batch = make_batch(number, stretch, stored, rules)
    if comparison is not None:
        yield from comparison.leave_out_unchanged(batch)
    return batch
