"""A batch of records: which are good documents, and which are set aside and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.engines.calls import Write, Written
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.prepare import Prepared, prepare
from hybridsearch.indexing.records import Located, Record, Unreadable
from hybridsearch.indexing.units import units_of
from hybridsearch.model.document import Document, as_document
from hybridsearch.model.schema import Schema


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """A record that is set aside: its number in the source, from 1, and why."""

    position: int
    record: Record
    error: DocumentError

    @property
    def given(self) -> Any:
        """What stands there."""
        return self.record.raw if isinstance(self.record, Unreadable) else _given(self.record)

    @property
    def place(self) -> str:
        """Where it stands: a file and a line, or its number."""
        named = isinstance(self.record, Located | Unreadable)
        return self.record.place if named else str(self.position)

    @property
    def id(self) -> str | None:
        """Its id, where that is known."""
        return self.error.id or _id(self.given)

    @property
    def reason(self) -> str:
        """Why, with the field where it is one field's fault."""
        field = self.error.field
        return f"field {field!r}: {self.error.reason}" if field else self.error.reason


@dataclass(slots=True, eq=False)
class Batch:
    """Records read together, `size` of them, and what they are.

    documents: the good ones by id, each with its number in the source and its record; repeated:
    how many good ones gave way to a later one with the same id; write: what is sent for
    them; cached, reused: how many of their texts the embedding cache knew, and the index.
    """

    number: int
    size: int = 0
    documents: dict[str, tuple[int, Record, Prepared]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    write: Write = field(default_factory=lambda: Write(()))
    cached: int = 0
    reused: int = 0

    @property
    def passages(self) -> int:
        """How many passages the good documents have."""
        return sum(
            len(passages.vectors)
            for document in self.write.documents
            if document.id in self.documents
            for passages in document.vectors.values()
        )

    def settle(self, written: Written) -> None:
        """Set documents aside that the engine would not store."""
        for at, reason in written.failures:
            id = self.write.documents[at].id
            position, record, _ = self.documents.pop(id)
            error = DocumentError(f"the engine refused it: {reason}", id=id)
            self.refused.append(Refused(position, record, error))
        self.refused.sort(key=lambda refused: refused.position)


def make_batch(
    number: int,
    records: Sequence[Record],
    before: int,
    schema: Schema,
    *,
    encodes: bool,
    normalise: bool,
) -> Batch:
    """Check records against the schema; before: how many were read before them."""
    batch = Batch(number, len(records))
    read: list[tuple[int, Record, Document]] = []
    for position, record in enumerate(records, start=before + 1):
        try:
            read.append((position, record, as_document(_given(record), schema.dense)))
        except DocumentError as error:
            batch.refused.append(Refused(position, record, error))
    units = units_of([document for _, _, document in read], schema, normalise=normalise)
    for (position, record, given), known in zip(read, units, strict=True):
        try:
            document = prepare(given, schema, encodes=encodes, normalise=normalise, units=known)
        except DocumentError as error:
            batch.refused.append(Refused(position, record, error))
            continue
        # The last of equal ids is kept; taken out first, it also keeps its place in the order.
        batch.repeated += batch.documents.pop(document.id, None) is not None
        batch.documents[document.id] = (position, record, document)
    batch.refused.sort(key=lambda refused: refused.position)
    return batch


def _given(record: Record) -> Any:
    if isinstance(record, Unreadable):
        raise DocumentError(record.reason)
    return record.document if isinstance(record, Located) else record


def _id(given: Any) -> str | None:
    if isinstance(given, Document):
        return given.id
    if isinstance(given, Mapping):
        id = given.get("id", given.get("_id"))
        return id if isinstance(id, str) else None
    return None
