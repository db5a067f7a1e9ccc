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
from hybridsearch.indexing.flight import Flight, Send, Settle, Settled
from hybridsearch.indexing.planning import PlanningStep, Rules, plan
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.indexing.repeating import repeat
from hybridsearch.indexing.stretch import Stretch, stretches
from hybridsearch.indexing.trail import Trail
from hybridsearch.model.response import IndexReport

BATCH_DOCUMENTS = 512
BATCH_BYTES = 4_000_000

Step: TypeAlias = Pull | PlanningStep | Send | Settle | Write | Persist | Commit | Identify
IndexingFlow: TypeAlias = Generator[Step, Any, IndexReport]


def index_documents(rules: Rules, trail: Trail) -> IndexingFlow:
    """Write every record that is a good document, update or deletion; set the others aside.

    What is durable stays, whatever happens later: every few seconds that is all that has arrived,
    and at the end all that was read, also where the source raises an error, which is raised then.
    """
    try:
        yield from trail.resume()
        error = yield from _load(rules, trail)
        return (yield from trail.end(error))
    except Exception as error:
        if (remains := trail.remains) is not None:
            error.add_note(remains)
        raise


def _load(rules: Rules, trail: Trail) -> Generator[Step, Any, Exception | None]:
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
            yield from _send(number, stretch, rules, flight, trail)
        read += len(pulled.records)
        yield from trail.persist_now_and_then()
    yield from _land((yield Settle()), rules, flight, trail)
    return error


def _send(
    number: int, stretch: Stretch, rules: Rules, flight: Flight, trail: Trail
) -> Generator[Step, Any, None]:
    """Plan a stretch and start its writes."""
    if flight.holds_up(stretch.updated):
        yield from _land((yield Settle()), rules, flight, trail)
    batch = yield from plan(number, stretch, rules)
    if flight.is_full or flight.holds_up(batch.documents):
        yield from _land((yield Settle()), rules, flight, trail)
    flight.board(batch)
    settled: Iterable[Settled] = (Settled(number, Written(0, 0)),)
    if batch.documents:
        settled = yield Send(number, batch.write)
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
