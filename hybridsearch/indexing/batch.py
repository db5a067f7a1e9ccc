"""A batch of records: what is to be done for each, and which are set aside and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.engines.calls import DeleteDocument, Write, WriteDocument, Written
from hybridsearch.engines.reading_calls import Whole
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.merge import merged
from hybridsearch.indexing.prepare import prepare
from hybridsearch.indexing.refused import Refused
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import Read, Stretch
from hybridsearch.indexing.units import units_of
from hybridsearch.model.document import Document, is_older
from hybridsearch.model.operation import Delete, Update


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """What is to be done for a record: read, as it was given, and write, as it will be sent.

    to_encode: by vector field, the texts whose vectors it still lacks.
    """

    read: Read
    write: WriteDocument | DeleteDocument
    to_encode: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_whole(self) -> bool:
        """Whether it is a document, not a change or a deletion."""
        return isinstance(self.read.operation, Document)


@dataclass(slots=True, eq=False)
class Batch:
    """Records read together, `size` of them, and what they are.

    documents: the good ones by id; repeated: how many good ones gave way to a later one with the
    same id; write: what is sent for them; outdated: how many were older than what is stored;
    cached, reused: how many of their texts the embedding cache knew, and the index.
    """

    number: int
    size: int = 0
    documents: dict[str, Entry] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    outdated: int = 0
    write: Write = field(default_factory=lambda: Write(()))
    cached: int = 0
    reused: int = 0

    @property
    def whole(self) -> list[str]:
        """The ids of the good ones that are documents, not changes or deletions."""
        return [id for id, entry in self.documents.items() if entry.is_whole]

    @property
    def updates(self) -> int:
        """How many of the good ones are changes of some fields."""
        return sum(isinstance(entry.read.operation, Update) for entry in self.documents.values())

    @property
    def passages(self) -> int:
        """How many passages the good documents have."""
        return sum(
            len(passages.vectors)
            for document in self.write.documents
            if isinstance(document, WriteDocument) and document.id in self.documents
            for passages in document.vectors.values()
        )

    def settle(self, written: Written) -> None:
        """Set documents aside that the engine would not store, and leave out the outdated."""
        for at, reason in written.failures:
            id = self.write.documents[at].id
            read = self.documents.pop(id).read
            error = DocumentError(f"the engine refused it: {reason}", id=id)
            self.refused.append(Refused(read.position, read.record, error))
        for at in written.outdated:
            del self.documents[self.write.documents[at].id]
        self.outdated += len(written.outdated)
        self.refused.sort(key=lambda refused: refused.position)


def make_batch(
    number: int,
    stretch: Stretch,
    stored: Mapping[str, Whole],
    rules: Rules,
) -> Batch:
    """Check a stretch of records; stored: the documents that it updates."""
    batch = Batch(number, stretch.size, refused=list(stretch.refused))
    found: list[tuple[Read, Document | Delete, Any]] = []
    for read in stretch.good:
        operation, state = read.operation, None
        try:
            if isinstance(operation, Update):
                there = stored.get(operation.id)
                operation, state = merged(operation, there, rules.schema, encodes=rules.encodes)
        except DocumentError as error:
            batch.refused.append(Refused(read.position, read.record, error))
            continue
        found.append((read, operation, state))
    whole = [operation for _, operation, _ in found if isinstance(operation, Document)]
    units = iter(units_of(whole, rules.schema, normalise=rules.normalise))
    for read, operation, state in found:
        if isinstance(operation, Delete):
            delete = DeleteDocument(operation.id, operation.version)
            _enter(Entry(read, delete), batch)
            continue
        try:
            write, to_encode = prepare(operation, rules, next(units), state)
        except DocumentError as error:
            batch.refused.append(Refused(read.position, read.record, error))
            continue
        _enter(Entry(read, write, to_encode), batch)
    batch.refused.sort(key=lambda refused: refused.position)
    return batch


def _enter(entry: Entry, batch: Batch) -> None:
    """The last of equal ids is kept, unless it is an older version; taken out first, it also keeps
    its place in the order."""
    id = entry.write.id
    earlier = batch.documents.get(id)
    if earlier is not None and is_older(entry.write.version, earlier.write.version):
        batch.outdated += 1
        return
    batch.repeated += batch.documents.pop(id, None) is not None
    batch.documents[id] = entry
