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


@dataclass(slots=True, eq=False)
class Batch:
    """Records read together, `size` of them, and what they are.

    documents: the good ones by id, as they will be sent; reads: the same as they were given;
    to_encode: by id and vector field, the texts whose vectors are still lacking; repeated: how many
    good ones gave way to a later one with the same id; write: what is sent for them; outdated: how
    many were older than what is stored; cached, reused: how many of their texts the embedding cache
    knew, and the index.
    """

    number: int
    size: int = 0
    documents: dict[str, WriteDocument | DeleteDocument] = field(default_factory=dict)
    reads: dict[str, Read] = field(default_factory=dict)
    to_encode: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    outdated: int = 0
    write: Write = field(default_factory=lambda: Write(()))
    cached: int = 0
    reused: int = 0

    @property
    def whole(self) -> list[str]:
        """The ids of the good ones that are documents, not changes or deletions."""
        return [id for id, read in self.reads.items() if isinstance(read.operation, Document)]

    @property
    def updates(self) -> int:
        """How many of the good ones are changes of some fields."""
        return sum(isinstance(read.operation, Update) for read in self.reads.values())

    @property
    def passages(self) -> int:
        """How many passages the good documents have."""
        return sum(
            len(passages.vectors)
            for document in self.documents.values()
            if isinstance(document, WriteDocument)
            for passages in document.vectors.values()
        )

    def enter(self, read: Read, document: WriteDocument | DeleteDocument) -> bool:
        """Take a good one in, unless it is older than one with its id that is there already, which
        it replaces otherwise, at the end of the order; returns whether it was taken."""
        earlier = self.documents.get(document.id)
        if earlier is not None:
            if is_older(document.version, earlier.version):
                self.outdated += 1
                return False
            self.repeated += 1
            self.leave_out(document.id)
        self.documents[document.id] = document
        self.reads[document.id] = read
        return True

    def leave_out(self, id: str) -> Read:
        """Take a good one out again."""
        del self.documents[id]
        self.to_encode.pop(id, None)
        return self.reads.pop(id)

    def take_over(self, again: Batch) -> None:
        """Have documents as another batch of some of these records has made them."""
        self.documents.update(again.documents)
        self.reads.update(again.reads)
        self.refused += again.refused
        self.cached += again.cached
        self.reused += again.reused

    def settle(self, written: Written) -> None:
        """Set documents aside that the engine would not store, and leave out the outdated."""
        for at, reason in written.failures:
            id = self.write.documents[at].id
            read = self.leave_out(id)
            error = DocumentError(f"the engine refused it: {reason}", id=id)
            self.refused.append(Refused(read.position, read.record, error))
        for at in written.outdated:
            self.leave_out(self.write.documents[at].id)
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
            batch.enter(read, DeleteDocument(operation.id, operation.version))
            continue
        try:
            write, to_encode = prepare(operation, rules, next(units), state)
        except DocumentError as error:
            batch.refused.append(Refused(read.position, read.record, error))
            continue
        if batch.enter(read, write) and to_encode:
            batch.to_encode[write.id] = to_encode
    batch.refused.sort(key=lambda refused: refused.position)
    return batch
