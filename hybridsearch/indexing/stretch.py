"""Records read into operations, in stretches that can be written at once.

An update needs its document as the records before it leave it: where one of these is in the same
stretch, another stretch begins. So it does after some updates, since the documents that they change
are read whole and may be large, however small the updates are.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from hybridsearch.errors import DocumentError
from hybridsearch.indexing.records import Located, Record, Unreadable
from hybridsearch.indexing.refused import Refused
from hybridsearch.model.operation import Operation, Update, as_operation
from hybridsearch.model.schema import Schema

MOST_UPDATES: Final = 64


@dataclass(frozen=True, slots=True, eq=False)
class Read:
    """A record that is an operation; position: its number in the source, from 1."""

    position: int
    record: Record
    operation: Operation


@dataclass(slots=True, eq=False)
class Stretch:
    """Records that follow each other: those that can be read, and those that are set aside."""

    good: list[Read] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)

    @property
    def size(self) -> int:
        """How many records these are."""
        return len(self.good) + len(self.refused)

    @property
    def updated(self) -> tuple[str, ...]:
        """The ids of documents that are to be changed."""
        updates = (read.operation.id for read in self.good if isinstance(read.operation, Update))
        return tuple(dict.fromkeys(updates))


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
        stretch.good.append(Read(position, record, operation))
    yield stretch


def _given(record: Record) -> Any:
    if isinstance(record, Unreadable):
        raise DocumentError(record.reason)
    return record.document if isinstance(record, Located) else record
