"""What a source is: records to read one after the other, and how far the reading is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from hybridsearch.errors import ConfigurationError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.model.schema import Schema

RecordStream: TypeAlias = Iterator[Located | Unreadable]


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """What the user says of a source; a source refuses what has no meaning for it.

    source: as it was written, its name included. query: what to ask it for. id: the name of the
    field that holds the ids, where that is not `id` or `_id`.
    """

    source: str
    query: str | None = None
    id: str | None = None

    def without_query(self) -> None:
        """Raises ConfigurationError where a query was given."""
        if self.query is not None:
            raise ConfigurationError(
                f"{self.source} is not asked by a query: leave --query out, or name a database, "
                "such as sqlite:FILE"
            )


class Reading(Protocol):
    """How much of a source has been read, for showing the time left."""

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where there is no telling."""


@dataclass
class CountedReading:
    """Reading of so many records, where that is known."""

    total: int | None = None
    done: int = 0

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where the number is not known."""
        if self.total is None:
            return None
        return min(1.0, self.done / self.total) if self.total else 1.0


@dataclass(frozen=True, eq=False)
class Source:
    """Records to read, and how far the reading is. A plug-in of the family `sources` is a callable
    from a location, what follows NAME: in `NAME:LOCATION`, and SourceOptions to a Source.

    name: in messages, without any password. records: SourceError is raised at the latest where
    they are read. untyped: whether every value is text (CSV). size: in bytes, where known. state:
    text that changes with what the source holds, where that can be told. schema: of the
    documents, where the source has one.
    """

    name: str
    records: RecordStream
    reading: Reading
    untyped: bool = False
    size: int | None = None
    state: str | None = None
    schema: Schema | None = None
