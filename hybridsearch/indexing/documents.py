"""Documents ready to be written, kept as plain tuples until they are.

Many of them wait at a time. Objects of ours, the garbage collector would look through again and
again; tuples of what it need not look at, it forgets about.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import Any, Final, overload

from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument

# What the parts of a document begin with, and how many there are of each vector field.
_FIRST: Final = 3
_OF_A_FIELD: Final = 4


class Documents:
    """Documents and deletions by id, in the order in which they came."""

    def __init__(self) -> None:
        # None for a deletion, whose parts are its version.
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._parts: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __contains__(self, id: str) -> bool:
        return id in self._fields

    def __getitem__(self, id: str) -> WriteDocument | DeleteDocument:
        return _made(id, self._fields[id], self._parts[id])

    def __setitem__(self, id: str, document: WriteDocument | DeleteDocument) -> None:
        if isinstance(document, DeleteDocument):
            self._fields[id], self._parts[id] = None, document.version
            return
        parts = [document.digest, document.version, document.state]
        for name, passages in document.vectors.items():
            parts += (name, passages.spans, passages.vectors, passages.digest)
        self._fields[id], self._parts[id] = document.fields, tuple(parts)

    def __delitem__(self, id: str) -> None:
        del self._fields[id], self._parts[id]

    @property
    def ids(self) -> KeysView[str]:
        """Their ids."""
        return self._fields.keys()

    @property
    def passages(self) -> int:
        """How many passages they have."""
        return sum(
            len(vectors)
            for parts in self._parts.values()
            if isinstance(parts, tuple)
            for vectors in parts[_FIRST + 2 :: _OF_A_FIELD]
        )

    def listed(self) -> Sequence[WriteDocument | DeleteDocument]:
        """All of them, as they are now."""
        return _Listed([*self._fields], [*self._fields.values()], [*self._parts.values()])


class _Listed(Sequence[WriteDocument | DeleteDocument]):
    def __init__(
        self, ids: list[str], fields: list[Mapping[str, Any] | None], parts: list[Any]
    ) -> None:
        self._ids, self._fields, self._parts = ids, fields, parts

    def __len__(self) -> int:
        return len(self._ids)

    @overload
    def __getitem__(self, at: int) -> WriteDocument | DeleteDocument: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[WriteDocument | DeleteDocument]: ...
    def __getitem__(
        self, at: int | slice
    ) -> WriteDocument | DeleteDocument | Sequence[WriteDocument | DeleteDocument]:
        if isinstance(at, slice):
            return list(map(_made, self._ids[at], self._fields[at], self._parts[at]))
        return _made(self._ids[at], self._fields[at], self._parts[at])


def _made(id: str, fields: Mapping[str, Any] | None, parts: Any) -> WriteDocument | DeleteDocument:
    if fields is None:
        return DeleteDocument(id, parts)
    vectors = {
        parts[at]: PassageVectors(*parts[at + 1 : at + _OF_A_FIELD])
        for at in range(_FIRST, len(parts), _OF_A_FIELD)
    }
    return WriteDocument(id, fields, vectors, *parts[:_FIRST])
