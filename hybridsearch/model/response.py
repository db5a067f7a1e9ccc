"""The response: hits with their fields, passages and ledgers, and how the search went."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.model.schema import Schema


@dataclass(frozen=True, slots=True)
class Span:
    """Part of a text field: characters `start` to `end` (exclusive) of its value."""

    field: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Passage:
    """The window of a document's text that a vector stands for, with its similarity."""

    field: str
    score: float
    text: str
    spans: tuple[Span, ...]

    def as_dict(self) -> dict[str, Any]:
        """The passage as JSON values."""
        spans = [{"field": s.field, "start": s.start, "end": s.end} for s in self.spans]
        return {"field": self.field, "score": self.score, "text": self.text, "spans": spans}


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """What one retriever gave to a hit's score.

    score: the retriever's true score, None where it is not known; rank: its place in the
    retriever's list, None where it is not in it; normalised: the score on the fusion's scale;
    weight: the retriever's; contribution: its part of the blended score, None where the fusion
    is not a sum; completed: the score was asked for after retrieval.
    """

    score: float | None
    rank: int | None
    normalised: float | None
    weight: float
    contribution: float | None
    completed: bool

    def as_dict(self) -> dict[str, Any]:
        """The entry as JSON values."""
        return {
            "score": self.score,
            "rank": self.rank,
            "normalised": self.normalised,
            "weight": self.weight,
            "contribution": self.contribution,
            "completed": self.completed,
        }


@dataclass(frozen=True, slots=True)
class Hit:
    """One document of the answer. `ledger` is empty unless the search asked to explain."""

    id: str
    score: float
    fields: Mapping[str, Any]
    passages: tuple[Passage, ...] = ()
    ledger: Mapping[str, LedgerEntry] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """The hit as JSON values."""
        return {
            "id": self.id,
            "score": self.score,
            "fields": dict(self.fields),
            "passages": [passage.as_dict() for passage in self.passages],
            "ledger": {name: entry.as_dict() for name, entry in self.ledger.items()},
        }


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """What a search gives.

    candidates: by retriever, how many it gave; completed: by retriever, how many scores were
    asked for afterwards; timings_ms: milliseconds by step (encode, retrieve, complete, fuse,
    fetch); warnings: what the caller should know; degraded: whether a retriever or a part of the
    index did not answer, which the warnings tell more of; query_id: of the request, or the one
    that the query log gave it.
    """

    hits: tuple[Hit, ...]
    candidates: Mapping[str, int]
    completed: Mapping[str, int]
    timings_ms: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    degraded: bool = False
    query_id: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The response as JSON values."""
        return {
            "hits": [hit.as_dict() for hit in self.hits],
            "candidates": dict(self.candidates),
            "completed": dict(self.completed),
            "timings_ms": dict(self.timings_ms),
            "warnings": list(self.warnings),
            "degraded": self.degraded,
            "query_id": self.query_id,
        }


@dataclass(frozen=True, slots=True)
class Failure:
    """A document that was set aside: its number in the source, from 1, its id if known, and why."""

    position: int
    id: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What an `add` did.

    indexed: documents written; replaced: those of them whose id was there before; updated:
    documents some of whose fields were changed; deleted: documents that were there and went;
    outdated: records older than what is stored, which stays; duplicates: ids that came again
    within the source (the last one is kept); failed: documents set aside; failures: the first of
    them; dead_letters: the file that holds all of them. reused, cached: texts that were not
    encoded again, since the index had their vectors, or the embedding cache. resumed: records that
    earlier runs of the same checkpoint had dealt with; all counts include them, and seconds is the
    time of all runs.

    exact: False where `replaced` is only the most it can be, and `deleted` the least: documents may
    have replaced themselves or an earlier one of the source, since they were sent again after an
    answer was lost or a run was killed, or an id came again after millions of others.
    """

    indexed: int
    replaced: int
    duplicates: int
    failed: int
    passages: int
    seconds: float
    updated: int = 0
    deleted: int = 0
    outdated: int = 0
    cached: int = 0
    reused: int = 0
    exact: bool = True
    resumed: int = 0
    failures: tuple[Failure, ...] = ()
    dead_letters: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON values, as the command line prints them."""
        return {
            "indexed": self.indexed,
            "updated": self.updated,
            "deleted": self.deleted,
            "outdated": self.outdated,
            "failed": self.failed,
            "passages": self.passages,
            "replaced": self.replaced,
            "duplicates": self.duplicates,
            "reused": self.reused,
            "cached": self.cached,
            "exact": self.exact,
            "resumed": self.resumed,
            "seconds": round(self.seconds, 3),
            "dead_letters": self.dead_letters,
        }


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What a `sync` did, or would do where it was a dry run.

    added, changed, deleted: documents of the index; unchanged: those that the source has as they
    are; outdated: records older than what the index has, which stays; duplicates: ids that came
    again within the source (the last one is kept), for which a dry run may also take a record that
    is older than one before it in the source; failed: records of the source that were set aside,
    whose documents stay as they are; failures: the first of them; dead_letters: the file that
    holds all of them; stopped: of a dry run, why a sync would delete nothing and raise
    SyncStoppedError.
    """

    added: int
    changed: int
    unchanged: int
    deleted: int
    failed: int
    seconds: float
    outdated: int = 0
    duplicates: int = 0
    failures: tuple[Failure, ...] = ()
    dead_letters: str | None = None
    dry_run: bool = False
    stopped: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The counts as JSON values, as the command line prints them."""
        return {
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "deleted": self.deleted,
            "outdated": self.outdated,
            "duplicates": self.duplicates,
            "failed": self.failed,
            "dry_run": self.dry_run,
            "stopped": self.stopped,
            "seconds": round(self.seconds, 3),
            "dead_letters": self.dead_letters,
        }


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """What an index holds: documents, passages by vector field, bytes where they are known.

    kept_by: what keeps it, in words: a folder, or a server with its version.
    """

    target: str
    kept_by: str
    schema: Schema
    encoder: str | None
    documents: int
    passages: Mapping[str, int]
    bytes: int | None

    def as_dict(self) -> dict[str, Any]:
        """The same as JSON values."""
        return {
            "target": self.target,
            "kept_by": self.kept_by,
            "documents": self.documents,
            "passages": dict(self.passages),
            "bytes": self.bytes,
            "encoder": self.encoder,
            "schema": self.schema.model_dump(exclude_none=True),
        }
