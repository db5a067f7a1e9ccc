"""The indexing flow: records to a report, as a generator that yields the calls it needs made.

records -> stretch -> [read what is updated] -> batch -> [look up, encode] -> [send] -> ...
        -> [settle] -> [commit] -> report

While batches are on their way the next ones are read, checked and encoded. Every few seconds what
has arrived is made durable, and the checkpoint says so.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any, TypeAlias

from hybridsearch.engines.calls import Commit, Identify, Persist, Write, Written
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.comparison import Comparison
from hybridsearch.indexing.flight import Flight, Send, Settle, Settled
from hybridsearch.indexing.planning import PlanningStep, plan
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.indexing.repeating import repeat
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import stretches
from hybridsearch.indexing.trail import Trail
from hybridsearch.model.response import IndexReport

BATCH_DOCUMENTS = 512
BATCH_BYTES = 4_000_000

Step: TypeAlias = Pull | PlanningStep | Send | Settle | Write | Persist | Commit | Identify
IndexingFlow: TypeAlias = Generator[Step, Any, IndexReport]


def index_documents(
    rules: Rules, trail: Trail, comparison: Comparison | None = None
) -> IndexingFlow:
    """Write every record that is a good document, update or deletion, or, where they are compared
    with the index, every document that differs; set the others aside.

    What is durable stays, whatever happens later: every few seconds that is all that has arrived,
    and at the end all that was read, also where the source raises an error, which is raised then.
    """
    try:
        yield from trail.resume()
        error = yield from _load(rules, trail, comparison)
        return (yield from trail.end(error))
    except Exception as error:
        if (remains := trail.remains) is not None:
            error.add_note(remains)
        raise


def _load(
    rules: Rules, trail: Trail, comparison: Comparison | None
) -> Generator[Step, Any, Exception | None]:
    """Write all records; returns the error that the source ended with."""
    flight = Flight()
    number, read, error = 0, trail.counts.read, None
    while error is None:
        pulled: Pulled = yield Pull(BATCH_DOCUMENTS, BATCH_BYTES)
        error = pulled.error
        if not pulled.records:
            break
        for stretch in stretches(pulled.records, read, rules.schema):
            number += 1
            if flight.holds_up(stretch.updated):
                yield from _land((yield Settle()), rules, flight, trail)
            batch = yield from plan(number, stretch, rules, comparison)
            yield from _send(batch, rules, flight, trail)
        read += len(pulled.records)
        yield from trail.persist_now_and_then()
    yield from _land((yield Settle()), rules, flight, trail)
    return error


def _send(batch: Batch, rules: Rules, flight: Flight, trail: Trail) -> Generator[Step, Any, None]:
    """Start the writes of a batch."""
    if flight.is_full or flight.holds_up(batch.documents.ids):
        yield from _land((yield Settle()), rules, flight, trail)
    flight.board(batch)
    settled: Iterable[Settled] = (Settled(batch.number, Written(0, 0)),)
    if batch.documents:
        settled = yield Send(batch.number, batch.write)
    yield from _land(settled, rules, flight, trail)


def _land(
    settled: Iterable[Settled], rules: Rules, flight: Flight, trail: Trail
) -> Generator[PlanningStep | Write, Any, None]:
    """Count what has arrived; what others changed meanwhile is written again first."""
    for one in settled:
        if isinstance(one.outcome, Exception):
            raise one.outcome
        written = yield from repeat(flight.batch(one.number), one.outcome, rules)
        flight.arrive(one.number, written)
    trail.count(flight.land())
