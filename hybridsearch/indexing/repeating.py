"""Updates of documents that others changed at the same time: read, made and written again."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from dataclasses import replace
from typing import Any, Final

from hybridsearch.engines.calls import Write, Written
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.planning import PlanningStep, plan
from hybridsearch.indexing.rules import Rules

ATTEMPTS: Final = 20


def repeat(
    batch: Batch, written: Written, rules: Rules
) -> Generator[PlanningStep | Write, Any, Written]:
    """Until every update of a batch has found its document as it was read; returns what became of
    the batch. An update that never does is a failure."""
    attempts = 0
    while written.changed and attempts < ATTEMPTS:
        attempts += 1
        places = {batch.write.documents[at].id: at for at in written.changed}
        stretch = batch.stretch.rows(batch.rows[id] for id in places)
        again = yield from plan(batch.number, stretch, rules)
        reply: Written = yield again.write
        _take_over(batch, again, places)
        written = _together(written, reply, [places[one.id] for one in again.write.documents])
    reason = f"others changed the document at the same time, {attempts} times: send it again"
    failures = (*written.failures, *((at, reason) for at in written.changed))
    return replace(written, failures=failures, changed=())


def _take_over(batch: Batch, again: Batch, places: dict[str, int]) -> None:
    documents = list(batch.write.documents)
    for document in again.write.documents:
        documents[places[document.id]] = document
    batch.write = Write(documents)
    batch.take_over(again, places)


def _together(first: Written, then: Written, places: list[int]) -> Written:
    """What became of a batch, then of some of it again; places: of those, in the batch."""

    def placed(positions: Iterable[int]) -> tuple[int, ...]:
        return tuple(places[at] for at in positions)

    return Written(
        first.stored + then.stored,
        first.replaced + then.replaced,
        (*first.failures, *((places[at], reason) for at, reason in then.failures)),
        first.uncertain + then.uncertain,
        first.deleted + then.deleted,
        (*first.outdated, *placed(then.outdated)),
        placed(then.changed),
        first.writer,
    )
