"""A record that is set aside, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.errors import DocumentError
from hybridsearch.indexing.records import Located, Record, Unreadable
from hybridsearch.model.document import Document
from hybridsearch.model.operation import Delete, Update
from hybridsearch.model.response import Failure


@dataclass(frozen=True, slots=True, eq=False)
class Refused:
    """A record that is set aside: its number in the source, from 1, and why."""

    position: int
    record: Record
    error: DocumentError

    @property
    def given(self) -> Any:
        """What stands there."""
        record = self.record
        if isinstance(record, Unreadable):
            return record.raw
        return record.document if isinstance(record, Located) else record

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

    @property
    def failure(self) -> Failure:
        """As a report tells it."""
        return Failure(self.position, self.id, self.reason)


def _id(given: Any) -> str | None:
    id: Any = None
    if isinstance(given, Document | Update | Delete):
        id = given.id
    elif isinstance(given, Mapping):
        id = given.get("id", given.get("_id"))
    return id if isinstance(id, str) else None
