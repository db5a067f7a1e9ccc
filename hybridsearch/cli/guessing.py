"""The schema of a source: its own, else one guessed from its first records."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain, islice

from hybridsearch.cli.console import many
from hybridsearch.cli.counted_progress import counted_progress
from hybridsearch.errors import SchemaError, SourceError
from hybridsearch.indexing.records import Located, Record, Unreadable
from hybridsearch.indexing.sources.source import RecordStream, Source
from hybridsearch.model.schema import Schema

SAMPLE = 1000


@dataclass(frozen=True)
class SourceSchema:
    """A schema, where it is from, in words, and all records of the source."""

    schema: Schema
    origin: str
    records: RecordStream


def schema_of(source: Source) -> SourceSchema:
    """The schema of a source; raises SourceError where it is empty, SchemaError where the documents
    have no text."""
    if source.schema is not None:
        return SourceSchema(source.schema, f"taken from {source.name}", source.records)
    first = _first(source)
    documents = [record.document for record in first if isinstance(record, Located)]
    unreadable = [record for record in first if isinstance(record, Unreadable)]
    if not documents:
        raise SourceError(f"there are no documents in {source.name}{_told(unreadable)}")
    try:
        schema = Schema.infer(documents, untyped=source.untyped)
    except SchemaError as error:
        raise SchemaError(f"{source.name}: {error}{_told(unreadable)}") from error
    origin = f"guessed from {many(len(documents), 'document')}"
    return SourceSchema(schema, origin, chain(first, source.records))


def _first(source: Source) -> list[Record]:
    """Its first records, which may be long in coming."""
    first: list[Record] = []
    with counted_progress("looking at the first records") as show:
        for record in islice(source.records, SAMPLE):
            first.append(record)
            show(len(first), SAMPLE)
    return first


def _told(unreadable: list[Unreadable]) -> str:
    if not unreadable:
        return ""
    first = unreadable[0]
    count = len(unreadable)
    return f"; {count} records could not be read, the first: {first.place}: {first.reason}"
