"""A batch of records: what is to be done for each, and which are set aside and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.engines.calls import DeleteDocument, Write, WriteDocument, Written
from hybridsearch.engines.reading_calls import Whole
from hybridsearch.engines.sheets import Sheet
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.columns import sheets_of
from hybridsearch.indexing.documents import Documents
from hybridsearch.indexing.merge import merged
from hybridsearch.indexing.prepare import prepare
from hybridsearch.indexing.refused import Refused
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import Stretch
from hybridsearch.indexing.units import units_of
from hybridsearch.model.document import Document, is_older
from hybridsearch.model.operation import Delete, Update


@dataclass(slots=True, eq=False)
class Batch:
    """Records read together, a stretch of them, and what they are.

    documents: the good ones by id, as they will be sent; rows: where they are in the stretch;
    to_encode: by id and vector field, the texts whose vectors are still lacking; repeated: how many
    good ones gave way to a later one with the same id; write: what is sent for them; outdated: how
    many were older than what is stored; cached, reused: how many of their texts the embedding cache
    knew, and the index.
    """

    number: int
    stretch: Stretch = field(default_factory=Stretch)
    documents: Documents = field(default_factory=Documents)
    rows: dict[str, int] = field(default_factory=dict)
    to_encode: dict[str, Mapping[str, str]] = field(default_factory=dict)
    refused: list[Refused] = field(default_factory=list)
    repeated: int = 0
    outdated: int = 0
    write: Write = field(default_factory=lambda: Write(()))
    cached: int = 0
    reused: int = 0

    @property
    def size(self) -> int:
        """How many records these are."""
        return self.stretch.size

    @property
    def whole(self) -> list[str]:
        """The ids of the good ones that are documents, not changes or deletions."""
        operations = self.stretch.operations
        return [id for id, row in self.rows.items() if isinstance(operations[row], Document)]

    @property
    def updates(self) -> int:
        """How many of the good ones are changes of some fields."""
        operations = self.stretch.operations
        return sum(isinstance(operations[row], Update) for row in self.rows.values())

    def enter(self, row: int, document: WriteDocument | DeleteDocument) -> bool:
        """Take a good one in, unless it is older than one with its id that is there already, which
        it replaces otherwise, at the end of the order; returns whether it was taken."""
        if document.id in self.documents:
            if is_older(document.version, self.documents[document.id].version):
                self.outdated += 1
                return False
            self.repeated += 1
            self.leave_out(document.id)
        self.documents[document.id] = document
        self.rows[document.id] = row
        return True

    def enter_sheet(self, rows: Sequence[int], sheet: Sheet) -> None:
        """Take the documents of a sheet in, whose ids are in no other row of the stretch."""
        self.documents.add(sheet)
        self.rows.update(zip(sheet.ids, rows, strict=True))

    def leave_out(self, id: str) -> int:
        """Take a good one out again; returns its row."""
        del self.documents[id]
        self.to_encode.pop(id, None)
        return self.rows.pop(id)

    def take_over(self, again: Batch, ids: Iterable[str]) -> None:
        """Have these documents as another batch of their records has made them."""
        for id in ids:
            if id in again.documents:
                self.documents[id] = again.documents[id]
            else:
                self.leave_out(id)
        self.refused += again.refused
        self.cached += again.cached
        self.reused += again.reused

    def settle(self, written: Written) -> None:
        """Set documents aside that the engine would not store, and leave out the outdated."""
        for at, reason in written.failures:
            id = self.write.documents[at].id
            row = self.leave_out(id)
            error = DocumentError(f"the engine refused it: {reason}", id=id)
            self.refused.append(self.stretch.refuse(row, error))
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
    batch = Batch(number, stretch, refused=list(stretch.refused))
    by_columns: set[int] = set()
    if len({one.id for one in stretch.operations}) == len(stretch.operations):
        for rows, sheet in sheets_of(stretch.operations, rules):
            batch.enter_sheet(rows, sheet)
            by_columns.update(rows)
    others = [row for row in range(len(stretch.operations)) if row not in by_columns]
    _enter_one_by_one(batch, others, stored, rules)
    batch.refused.sort(key=lambda refused: refused.position)
    return batch


def _enter_one_by_one(
    batch: Batch, rows: Iterable[int], stored: Mapping[str, Whole], rules: Rules
) -> None:
    stretch = batch.stretch
    found: list[tuple[int, Document | Delete, Any]] = []
    for row in rows:
        operation = stretch.operations[row]
        if not isinstance(operation, Update):
            found.append((row, operation, None))
            continue
        try:
            there = stored.get(operation.id)
            found.append((row, *merged(operation, there, rules.schema, encodes=rules.encodes)))
        except DocumentError as error:
            batch.refused.append(stretch.refuse(row, error))
    whole = [operation for _, operation, _ in found if isinstance(operation, Document)]
    units = iter(units_of(whole, rules.schema, normalise=rules.normalise))
    for row, operation, state in found:
        if isinstance(operation, Delete):
            batch.enter(row, DeleteDocument(operation.id, operation.version))
            continue
        try:
            write, to_encode = prepare(operation, rules, next(units), state)
        except DocumentError as error:
            batch.refused.append(stretch.refuse(row, error))
            continue
        if batch.enter(row, write) and to_encode:
            batch.to_encode[write.id] = to_encode
