"""Pulling records from a source, in batches bounded by number and by size."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from typing import Any, Final, TypeVar

import numpy as np

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.errors import QueryError
from hybridsearch.indexing.records import Located, Pull, Pulled, Record, Unreadable
from hybridsearch.model.document import Document
from hybridsearch.model.operation import Delete, Update

_DEEPEST: Final = 8
"""How many lists and objects within each other are looked into."""

T = TypeVar("T")

_PLAIN: Final = frozenset({int, float, bool, type(None)})


class Puller:
    """A source that gives its next records when asked."""

    def __init__(self, source: Iterable[Record]) -> None:
        self._records = iter(many(source))

    def pull(self, call: Pull) -> Pulled:
        """At most `limit` records, ending early where they take `size` bytes."""
        batch: list[Record] = []
        size = 0
        try:
            for record in self._records:
                batch.append(record)
                size += _bytes(record)
                if len(batch) >= call.limit or size >= call.size:
                    break
        except Exception as error:  # noqa: BLE001 - the flow raises it, when it has kept the rest
            return Pulled(batch, error)
        return Pulled(batch)


class AsyncPuller:
    """The same for a source that may be asynchronous."""

    def __init__(self, source: Iterable[Record] | AsyncIterable[Record]) -> None:
        self._records: AsyncIterator[Record] | None = None
        self._puller: Puller | None = None
        if isinstance(source, AsyncIterable):
            self._records = aiter(source)
        else:
            self._puller = Puller(source)

    async def pull(self, call: Pull) -> Pulled:
        """At most `limit` records, ending early where they take `size` bytes."""
        if self._puller is not None:
            return self._puller.pull(call)
        batch: list[Record] = []
        size = 0
        try:
            if self._records is not None:
                async for record in self._records:
                    batch.append(record)
                    size += _bytes(record)
                    if len(batch) >= call.limit or size >= call.size:
                        break
        except Exception as error:  # noqa: BLE001 - as above
            return Pulled(batch, error)
        return Pulled(batch)


def many(source: Iterable[T]) -> Iterable[T]:
    """The same; raises QueryError for what is one record, or none."""
    if isinstance(source, Document | Update | Delete | Mapping | str | bytes) or not isinstance(
        source, Iterable
    ):
        raise QueryError(
            f"add takes an iterable of documents, not one {type(source).__name__}: "
            "put a single document into a list"
        )
    return source


def _bytes(record: Any) -> int:
    """About how much the texts and the vectors of a record are."""
    document = record.document if isinstance(record, Located) else record
    if isinstance(document, Document | Update):
        return _sum(document.fields) + _sum(document.vectors)
    return len(document.raw) if isinstance(document, Unreadable) else _sum(document)


def _sum(fields: Any) -> int:
    if fields.__class__ is not dict and not isinstance(fields, Mapping):
        return 0
    size = 0
    for value in fields.values():
        if value.__class__ is str:  # most of all values
            size += len(value)
        elif value.__class__ not in _PLAIN:
            size += _size(value)
    return size


def _size(value: Any, depth: int = 0) -> int:
    if value.__class__ in _PLAIN:
        return 0
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, str | bytes):
        return len(value)
    if isinstance(value, PassageVectors):
        return value.vectors.nbytes
    if isinstance(value, list | tuple) and value and isinstance(value[0], float | int):
        return len(value) * 8
    return sum(_size(part, depth + 1) for part in _parts(value)) if depth < _DEEPEST else 0


def _parts(value: Any) -> Iterable[Any]:
    """What is within a list or an object."""
    if isinstance(value, list | tuple):
        return value
    return value.values() if isinstance(value, Mapping) else ()
