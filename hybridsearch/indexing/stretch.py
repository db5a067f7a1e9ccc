"""Records read into operations, in stretches that can be written at once.

An update needs its document as the records before it leave it: where one of these is in the same
stretch, another stretch begins. So it does after some updates, since the documents that they change
are read whole and may be large, however small the updates are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hybridsearch.errors import DocumentError
from hybridsearch.indexing.records import Located, Record, Unreadable
from hybridsearch.indexing.refused import Refused
from hybridsearch.model.operation import Operation, Update, as_operation
from hybridsearch.model.schema import Schema

MOST_UPDATES: Final = 64


@dataclass(slots=True, eq=False)
class Stretch:
    """Records that follow each other: those that can be read, row by row, and those set aside.

    positions: their numbers in the source, from 1; operations: what the records are read as.
    """

    positions: list[int] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    operations: list[Operation] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many records these are."""
        return len(self.records) + len(self.refused)

    @property
    def updated(self) -> tuple[str, ...]:
        """The ids of documents that are to be changed."""
        updates = (one.id for one in self.operations if isinstance(one, Update))
        return tuple(dict.fromkeys(updates))

    def add(self, position: int, record: Record, operation: Operation) -> None:
        """One row more."""
        self.positions.append(position)
        self.records.append(record)
        self.operations.append(operation)

    def rows(self, rows: Iterable[int]) -> Stretch:
        """These rows alone."""
        only = Stretch()
        for row in rows:
            only.add(self.positions[row], self.records[row], self.operations[row])
        return only

    def refuse(self, row: int, error: DocumentError) -> Refused:
        """The record of a row, set aside."""
        return Refused(self.positions[row], self.records[row], error)


def stretches(records: Sequence[Record], before: int, schema: Schema) -> Iterator[Stretch]:
    """Cut records where an update follows another record of its id, or enough others; before: how
    many were read before them. At least one stretch."""
    stretch, ids, updates = Stretch(), set[str](), 0
    for position, record in enumerate(records, start=before + 1):
        try:
            operation = as_operation(_given(record), schema.dense)
        except DocumentError as error:
            stretch.refused.append(Refused(position, record, error))
            continue
        if isinstance(operation, Update):
            if operation.id in ids or updates >= MOST_UPDATES:
                yield stretch
                stretch, ids, updates = Stretch(), set(), 0
            updates += 1
        ids.add(operation.id)
        stretch.add(position, record, operation)
    yield stretch


def _given(record: Record) -> Any:
    if isinstance(record, Unreadable):
        raise DocumentError(record.reason)
    return record.document if isinstance(record, Located) else record
