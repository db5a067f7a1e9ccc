"""Documents ready to be written, kept as plain tuples until they are.

Many of them wait at a time. Objects of ours, the garbage collector would look through again and
again; tuples of what it need not look at, it forgets about.
"""

from __future__ import annotations

from collections.abc import Iterator, KeysView, Mapping, Sequence
from itertools import repeat
from typing import Any, Final, overload

from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
from hybridsearch.engines.sheets import Sheet, SheetsAndOthers

# What the parts of a document begin with, and how many there are of each vector field.
_FIRST: Final = 3
_OF_A_FIELD: Final = 4
_NOTHING: Final = Sheet((), (), (), {}, {}, ())


class Documents:
    """Documents and deletions by id, in the order in which they came; some of them in sheets."""

    def __init__(self) -> None:
        # Where each is: the number of a sheet and the row there, None where it is kept by itself.
        self._places: dict[str, tuple[int, int] | None] = {}
        self._sheets: list[Sheet] = []
        self._torn: set[int] = set()
        # None for a deletion, whose parts are its version.
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._parts: dict[str, Any] = {}

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __contains__(self, id: str) -> bool:
        return id in self._places

    def __getitem__(self, id: str) -> WriteDocument | DeleteDocument:
        place = self._places[id]
        if place is not None:
            return self._sheets[place[0]].document(place[1])
        return _made(id, self._fields[id], self._parts[id])

    def __setitem__(self, id: str, document: WriteDocument | DeleteDocument) -> None:
        self._tear(id)
        self._places[id] = None
        if isinstance(document, DeleteDocument):
            self._fields[id], self._parts[id] = None, document.version
            return
        parts = [document.digest, document.version, document.state]
        for name, passages in document.vectors.items():
            parts += (name, passages.spans, passages.vectors, passages.digest)
        self._fields[id], self._parts[id] = document.fields, tuple(parts)

    def __delitem__(self, id: str) -> None:
        self._tear(id)
        del self._places[id]
        self._fields.pop(id, None)
        self._parts.pop(id, None)

    def add(self, sheet: Sheet) -> None:
        """Take in the documents of a sheet, none of which may be there."""
        rows = zip(repeat(len(self._sheets)), range(len(sheet)), strict=False)
        self._places.update(zip(sheet.ids, rows, strict=True))
        self._sheets.append(sheet)

    @property
    def ids(self) -> KeysView[str]:
        """Their ids."""
        return self._places.keys()

    @property
    def passages(self) -> int:
        """How many passages they have."""
        alone = sum(
            len(vectors)
            for parts in self._parts.values()
            if isinstance(parts, tuple)
            for vectors in parts[_FIRST + 2 :: _OF_A_FIELD]
        )
        torn = sum(
            len(self._sheets[place[0]].vectors)
            for place in (self._places.values() if self._torn else ())
            if place is not None and place[0] in self._torn
        )
        return alone + torn + sum(len(sheet) * len(sheet.vectors) for sheet in self._whole())

    def listed(self) -> Sequence[WriteDocument | DeleteDocument]:
        """All of them, as they are now: sheets that nothing was taken out of, then the others."""
        for id, place in list(self._places.items()) if self._torn else ():
            if place is not None and place[0] in self._torn:
                self[id] = self[id]
        for torn in self._torn:  # what was taken out of it is held no longer
            self._sheets[torn] = _NOTHING
        others = _Listed([*self._fields], [*self._fields.values()], [*self._parts.values()])
        return SheetsAndOthers(sheets, others) if (sheets := self._whole()) else others

    def _whole(self) -> list[Sheet]:
        return [sheet for at, sheet in enumerate(self._sheets) if at not in self._torn]

    def _tear(self, id: str) -> None:
        if (place := self._places.get(id)) is not None:
            self._torn.add(place[0])


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
