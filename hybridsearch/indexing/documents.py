"""Documents ready to be written, kept as plain tuples until they are.

Many of them wait at a time. Objects of ours, the garbage collector would look through again and
again; tuples of what it need not look at, it forgets about.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import Any, Final, overload

from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
from hybridsearch.engines.sheets import Sheet, SheetsAndOthers

# What the parts of a document begin with, and how many there are of each vector field.
_FIRST: Final = 3
_OF_A_FIELD: Final = 4


class Documents:
    """Documents and deletions by id, in the order in which they came; some of them in sheets."""

    def __init__(self) -> None:
        # The sheet that each is in, None where it is kept by itself.
        self._sheets: dict[str, Sheet | None] = {}
        # None for a deletion, whose parts are its version.
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._parts: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._sheets)

    def __iter__(self) -> Iterator[str]:
        return iter(self._sheets)

    def __contains__(self, id: str) -> bool:
        return id in self._sheets

    def __getitem__(self, id: str) -> WriteDocument | DeleteDocument:
        sheet = self._sheets[id]
        if sheet is not None:
            return sheet.document(sheet.ids.index(id))
        return _made(id, self._fields[id], self._parts[id])

    def __setitem__(self, id: str, document: WriteDocument | DeleteDocument) -> None:
        self._take_apart(id)
        self._sheets[id] = None
        if isinstance(document, DeleteDocument):
            self._fields[id], self._parts[id] = None, document.version
            return
        parts = [document.digest, document.version, document.state]
        for name, passages in document.vectors.items():
            parts += (name, passages.spans, passages.vectors, passages.digest)
        self._fields[id], self._parts[id] = document.fields, tuple(parts)

    def __delitem__(self, id: str) -> None:
        self._take_apart(id)
        del self._sheets[id], self._fields[id], self._parts[id]

    def add(self, sheet: Sheet) -> None:
        """Take in the documents of a sheet, none of which may be there."""
        self._sheets.update(dict.fromkeys(sheet.ids, sheet))

    @property
    def ids(self) -> KeysView[str]:
        """Their ids."""
        return self._sheets.keys()

    @property
    def passages(self) -> int:
        """How many passages they have."""
        alone = sum(
            len(vectors)
            for parts in self._parts.values()
            if isinstance(parts, tuple)
            for vectors in parts[_FIRST + 2 :: _OF_A_FIELD]
        )
        return alone + sum(len(sheet) * len(sheet.vectors) for sheet in self._whole())

    def listed(self) -> Sequence[WriteDocument | DeleteDocument]:
        """All of them, as they are now: the sheets, then the others."""
        others = _Listed([*self._fields], [*self._fields.values()], [*self._parts.values()])
        return SheetsAndOthers(sheets, others) if (sheets := self._whole()) else others

    def _whole(self) -> list[Sheet]:
        return [sheet for sheet in dict.fromkeys(self._sheets.values()) if sheet is not None]

    def _take_apart(self, id: str) -> None:
        """Keep the documents of a sheet by themselves, before one of them leaves it."""
        if (sheet := self._sheets.get(id)) is not None:
            self._sheets.update(dict.fromkeys(sheet.ids))
            for row, one in enumerate(sheet.ids):
                self[one] = sheet.document(row)


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
