"""The indexing flow: records to a report, as a generator that yields the calls it needs made.

records -> prepare -> [encode] -> [write] -> ... -> [commit] -> report
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.engines.calls import Commit, PassageVectors, Write, WriteDocument, Written
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.prepare import Prepared, prepare
from hybridsearch.indexing.records import Located, Pull, Record, Unreadable
from hybridsearch.model.document import Document
from hybridsearch.model.response import Failure, IndexReport
from hybridsearch.model.schema import Schema

BATCH_DOCUMENTS = 512
BATCH_CHARACTERS = 4_000_000
COMMIT_SECONDS = 20.0
FAILURES_REPORTED = 100

Step: TypeAlias = Pull | EncodeDocuments | Write | Commit
IndexingFlow: TypeAlias = Generator[Step, Any, IndexReport]
# A record that is a good document: the record, its number in the source, and the document.
Accepted: TypeAlias = tuple[Record, int, Prepared]


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far an `add` is: documents written, set aside, and their passages."""

    indexed: int
    failed: int
    passages: int


@dataclass(slots=True)
class _Tally:
    begin: float = field(default_factory=time.perf_counter)
    seen: set[int] = field(default_factory=set)
    read: int = 0
    replaced: int = 0
    duplicates: int = 0
    failed: int = 0
    passages: int = 0
    failures: list[Failure] = field(default_factory=list)

    @property
    def progress(self) -> IndexProgress:
        return IndexProgress(len(self.seen), self.failed, self.passages)


def index_documents(
    schema: Schema,
    dead_letters: DeadLetters,
    *,
    encodes: bool,
    normalise: bool = False,
    progress: Callable[[IndexProgress], None] | None = None,
) -> IndexingFlow:
    """Write every record that is a good document; set the others aside.

    What has been committed stays, whatever happens later: a commit is made every 20 seconds and
    at the end. The report counts each id once; when an id comes again, the last document is kept.
    """
    tally = _Tally()
    committed = time.perf_counter()
    while records := (yield Pull(BATCH_DOCUMENTS, BATCH_CHARACTERS)):
        accepted = _prepare(records, schema, tally, dead_letters, encodes, normalise)
        prepared = [document for _, _, document in accepted.values()]
        vectors = yield from _encode(prepared, schema)
        documents = [
            WriteDocument(document.id, document.source, document.text, document.metadata, made)
            for document, made in zip(prepared, vectors, strict=True)
        ]
        written: Written = yield Write(documents)
        refused = _set_refused_aside(accepted, written, tally, dead_letters)
        _count(tally, [d for d in documents if d.id not in refused], written)
        if progress is not None:
            progress(tally.progress)
        if time.perf_counter() - committed > COMMIT_SECONDS:
            yield Commit()
            committed = time.perf_counter()
    # First what was set aside, then the commit: no document may be in neither place.
    letters = dead_letters.close()
    yield Commit()
    return IndexReport(
        indexed=len(tally.seen),
        replaced=tally.replaced,
        duplicates=tally.duplicates,
        failed=tally.failed,
        passages=tally.passages,
        seconds=time.perf_counter() - tally.begin,
        failures=tuple(tally.failures),
        dead_letters=letters,
    )


def _prepare(
    records: Sequence[Record],
    schema: Schema,
    tally: _Tally,
    dead_letters: DeadLetters,
    encodes: bool,
    normalise: bool,
) -> dict[str, Accepted]:
    accepted: dict[str, Accepted] = {}
    for record in records:
        tally.read += 1
        try:
            document = prepare(_given(record), schema, encodes=encodes, normalise=normalise)
        except DocumentError as error:
            _set_aside(record, tally.read, error, tally, dead_letters)
            continue
        # The last of equal ids is kept; taken out first, it also keeps its place in the order.
        tally.duplicates += accepted.pop(document.id, None) is not None
        accepted[document.id] = (record, tally.read, document)
    return accepted


def _set_refused_aside(
    accepted: Mapping[str, Accepted], written: Written, tally: _Tally, dead_letters: DeadLetters
) -> set[str]:
    """Those the engine would not store; returns their ids."""
    given = list(accepted.values()) if written.failures else []
    for position, reason in written.failures:
        record, read, document = given[position]
        error = DocumentError(f"the engine refused it: {reason}", id=document.id)
        _set_aside(record, read, error, tally, dead_letters)
    return {given[position][2].id for position, _ in written.failures}


def _given(record: Record) -> Any:
    if isinstance(record, Unreadable):
        raise DocumentError(record.reason)
    return record.document if isinstance(record, Located) else record


def _set_aside(
    record: Record, read: int, error: DocumentError, tally: _Tally, dead_letters: DeadLetters
) -> None:
    given = record.raw if isinstance(record, Unreadable) else _given(record)
    place = record.place if isinstance(record, Located | Unreadable) else str(read)
    id = error.id or _id(given)
    reason = f"field {error.field!r}: {error.reason}" if error.field else error.reason
    tally.failed += 1
    if len(tally.failures) < FAILURES_REPORTED:
        tally.failures.append(Failure(read, id, reason))
    dead_letters.add(place, id, reason, given)


def _encode(
    documents: Sequence[Prepared], schema: Schema
) -> Generator[EncodeDocuments, EncodedDocuments, list[Mapping[str, PassageVectors]]]:
    made: list[dict[str, PassageVectors]] = [dict(document.given) for document in documents]
    for name, dense in schema.dense.items():
        which = [at for at, document in enumerate(documents) if name in document.to_encode]
        if not which:
            continue
        texts = [documents[at].to_encode[name] for at in which]
        encoded = yield EncodeDocuments(texts, dense.window, dense.overlap)
        for at, spans, vectors in zip(which, encoded.spans, encoded.vectors, strict=True):
            made[at][name] = PassageVectors(spans, vectors)
    return list(made)


def _count(tally: _Tally, documents: Sequence[WriteDocument], written: Written) -> None:
    again = 0
    for document in documents:
        tally.passages += sum(len(given.vectors) for given in document.vectors.values())
        known = hash(document.id)
        again += known in tally.seen
        tally.seen.add(known)
    tally.duplicates += again
    tally.replaced += written.replaced - again


def _id(given: Any) -> str | None:
    if isinstance(given, Document):
        return given.id
    if isinstance(given, Mapping):
        id = given.get("id", given.get("_id"))
        return id if isinstance(id, str) else None
    return None
