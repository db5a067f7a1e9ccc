"""The indexing flow: records to a report, as a generator that yields the calls it needs made.

records -> batch -> [look up, encode] -> [send] -> ... -> [settle] -> [commit] -> report

While batches are on their way the next ones are read, checked and encoded. Every few seconds what
has arrived is made durable, and the checkpoint says so.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, TypeAlias

from hybridsearch.engines.calls import Commit, Identify, Persist, Write, Written
from hybridsearch.indexing.batch import make_batch
from hybridsearch.indexing.embedding import EmbeddingStep, embed
from hybridsearch.indexing.flight import Flight, Send, Settle, Settled
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.indexing.trail import Trail
from hybridsearch.model.response import IndexReport
from hybridsearch.model.schema import Schema

BATCH_DOCUMENTS = 512
BATCH_BYTES = 4_000_000

Step: TypeAlias = Pull | EmbeddingStep | Send | Settle | Persist | Commit | Identify
IndexingFlow: TypeAlias = Generator[Step, Any, IndexReport]


def index_documents(
    schema: Schema, trail: Trail, *, encodes: bool, normalise: bool = False
) -> IndexingFlow:
    """Write every record that is a good document; set the others aside.

    What is durable stays, whatever happens later: every few seconds that is all that has arrived,
    and at the end all that was read, also where the source raises an error, which is raised then.
    """
    try:
        yield from trail.resume()
        error = yield from _load(schema, trail, encodes, normalise)
        return (yield from trail.end(error))
    except Exception as error:
        if (remains := trail.remains) is not None:
            error.add_note(remains)
        raise


def _load(
    schema: Schema, trail: Trail, encodes: bool, normalise: bool
) -> Generator[Step, Any, Exception | None]:
    """Write all records; returns the error that the source ended with."""
    flight = Flight()
    number, read, error = 0, trail.counts.read, None
    while error is None:
        pulled: Pulled = yield Pull(BATCH_DOCUMENTS, BATCH_BYTES)
        error, number = pulled.error, number + 1
        if not pulled.records:
            break
        batch = make_batch(
            number, pulled.records, read, schema, encodes=encodes, normalise=normalise
        )
        read += batch.size
        batch.write = Write((yield from embed(batch, schema)))
        if flight.holds_up(batch):
            trail.count(flight.land((yield Settle())))
        flight.board(batch)
        settled = (Settled(number, Written(0, 0)),)
        if batch.documents:
            settled = yield Send(number, batch.write)
        trail.count(flight.land(settled))
        yield from trail.persist_now_and_then()
    trail.count(flight.land((yield Settle())))
    return error
