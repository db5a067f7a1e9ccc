"""Guessing a schema from the first records of a source."""

from __future__ import annotations

from itertools import chain, islice

from hybridsearch.errors import SchemaError, SourceError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.source import RecordStream, Source
from hybridsearch.model.schema import Schema

SAMPLE = 1000


def guess_schema(source: Source) -> tuple[Schema, int, RecordStream]:
    """The schema, how many documents it was guessed from, and all records, those included.

    Raises SourceError where there are none, SchemaError where they have no text.
    """
    first = list(islice(source.records, SAMPLE))
    documents = [record.document for record in first if isinstance(record, Located)]
    unreadable = [record for record in first if isinstance(record, Unreadable)]
    if not documents:
        raise SourceError(f"there are no documents in {source.name}{_told(unreadable)}")
    try:
        schema = Schema.infer(documents, untyped=source.untyped)
    except SchemaError as error:
        raise SchemaError(f"{source.name}: {error}{_told(unreadable)}") from error
    return schema, len(documents), chain(first, source.records)


def _told(unreadable: list[Unreadable]) -> str:
    if not unreadable:
        return ""
    first = unreadable[0]
    count = len(unreadable)
    return f"; {count} records could not be read, the first: {first.place}: {first.reason}"
