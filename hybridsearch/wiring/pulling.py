"""Pulling records from a source, in batches bounded by number and by size."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from typing import Any

from hybridsearch.errors import QueryError
from hybridsearch.indexing.records import Located, Pull, Record, Unreadable
from hybridsearch.model.document import Document


class Puller:
    """A source that gives its next records when asked."""

    def __init__(self, source: Iterable[Record]) -> None:
        self._records = iter(_many(source))

    def pull(self, call: Pull) -> list[Record]:
        """At most `limit` records, ending early where they hold `characters` of text."""
        batch: list[Record] = []
        size = 0
        for record in self._records:
            batch.append(record)
            size += _characters(record)
            if len(batch) >= call.limit or size >= call.characters:
                break
        return batch


class AsyncPuller:
    """The same for a source that may be asynchronous."""

    def __init__(self, source: Iterable[Record] | AsyncIterable[Record]) -> None:
        self._records: AsyncIterator[Record] | None = None
        self._puller: Puller | None = None
        if isinstance(source, AsyncIterable):
            self._records = aiter(source)
        else:
            self._puller = Puller(source)

    async def pull(self, call: Pull) -> list[Record]:
        """At most `limit` records, ending early where they hold `characters` of text."""
        if self._puller is not None:
            return self._puller.pull(call)
        batch: list[Record] = []
        size = 0
        if self._records is not None:
            async for record in self._records:
                batch.append(record)
                size += _characters(record)
                if len(batch) >= call.limit or size >= call.characters:
                    break
        return batch


def _many(source: Iterable[Record]) -> Iterator[Record] | Iterable[Record]:
    if isinstance(source, Document | Mapping | str | bytes) or not isinstance(source, Iterable):
        raise QueryError(
            f"add takes an iterable of documents, not one {type(source).__name__}: "
            "put a single document into a list"
        )
    return source


def _characters(record: Any) -> int:
    if isinstance(record, Unreadable):
        return len(record.raw)
    document = record.document if isinstance(record, Located) else record
    fields = document.fields if isinstance(document, Document) else document
    if not isinstance(fields, Mapping):
        return 0
    return sum(len(value) for value in fields.values() if isinstance(value, str))
