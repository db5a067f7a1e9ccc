"""Documents written by patterns, several times as fast as one by one.

The documents of a source mostly have the same fields with values of the same kinds. What is written
for them is the same but for the values: the pattern of their form. It is read off what is written
for one of them in the ordinary way.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from hybridsearch.engines.calls import DeleteDocument, WriteDocument
from hybridsearch.engines.cluster.actions import action_of
from hybridsearch.engines.cluster.documents import always_read_alike, goes_as_it_is
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.notation import Notation
from hybridsearch.engines.sheets import Sheet, SheetsAndOthers

# So many are written out together.
_AT_ONCE: Final = 64
# With fewer of a form, making its pattern costs more than it saves.
_OFTEN: Final = 8
# In the place of a value; it is no field's name.
_MARK: Final = "\x00value\x00"

Form: TypeAlias = tuple[Hashable, ...]


def lines_of(
    documents: Sequence[WriteDocument | DeleteDocument], index: ClusterIndex
) -> Iterator[bytes]:
    """What a bulk request says of each of these, in their order."""
    patterns = Patterns(index)
    if isinstance(documents, SheetsAndOthers):
        for sheet in documents.sheets:
            yield from patterns.sheet(sheet)
        documents = documents.others
    for begin in range(0, len(documents), _AT_ONCE):
        yield from patterns.lines(documents[begin : begin + _AT_ONCE])


@dataclass(frozen=True, slots=True)
class Pattern:
    """parts: what is written, with nothing in the places of values, every second one; doubtful:
    whether values have to be looked at, since their kinds do not say that they can be written."""

    parts: list[bytes]
    doubtful: bool

    def filled(self, values: Sequence[bytes]) -> bytes:
        """What is written for these values."""
        parts = self.parts.copy()
        parts[1::2] = values
        return b"".join(parts)


class Patterns:
    """The patterns of an index, made for forms that come often."""

    def __init__(self, index: ClusterIndex) -> None:
        self._index = index
        self._seen: dict[Form, int] = {}
        self._made: dict[Form, Pattern | None] = {}

    def lines(self, documents: Sequence[WriteDocument | DeleteDocument]) -> Iterator[bytes]:
        """What a bulk request says of each."""
        notation = self._index.notation
        found = [(document, self.of(document)) for document in documents]
        others = [action_of(one, self._index) for one, pattern in found if pattern is None]
        in_full = iter(notation.lines(others))
        given = [
            passages.vectors[0]
            for one, pattern in found
            if pattern is not None and isinstance(one, WriteDocument)
            for passages in one.vectors.values()
        ]
        vectors = notation.vectors(given)
        for one, pattern in found:
            if pattern is None or isinstance(one, DeleteDocument):
                yield next(in_full)
            else:
                yield pattern.filled(_values(one, notation, vectors))

    def sheet(self, sheet: Sheet) -> Iterator[bytes]:
        """The same of the documents of a sheet."""
        notation, within = self._index.notation, self._index.notation.within
        form = (sheet.names, *sheet.vectors)
        if form not in self._made:
            own = self._index.shape.own
            self._made[form] = _made(sheet.document(0), self._index) if own else None
        pattern = self._made[form]
        if pattern is None or (pattern.doubtful and not self._all_fit(sheet)):
            yield from self.lines([sheet.document(row) for row in range(len(sheet))])
            return
        ids = list(map(within, sheet.ids))
        columns: list[Iterable[bytes]] = [ids, ids]
        columns += [map(within, values) for values in sheet.columns]
        for name, vectors in sheet.vectors.items():
            columns += [map(within, ends) for ends in sheet.spans[name].T.tolist()]
            columns.append(notation.vectors(list(vectors)))
        columns.append(map(within, sheet.digests))
        yield from map(pattern.filled, zip(*columns, strict=True))

    def of(self, document: WriteDocument | DeleteDocument) -> Pattern | None:
        """The pattern that a document is written by, None where it is written in full."""
        if isinstance(document, DeleteDocument) or not self._index.shape.own:
            return None
        form = _form(document)
        if form is None:
            return None
        if form in self._made:
            pattern = self._made[form]
            if pattern is not None and pattern.doubtful and not self._fits(document):
                return None
            return pattern
        seen = self._seen[form] = self._seen.get(form, 0) + 1
        if seen < _OFTEN or not self._fits(document):
            return None
        pattern = self._made[form] = _made(document, self._index)
        return pattern

    def _all_fit(self, sheet: Sheet) -> bool:
        schema = self._index.schema
        return all(
            always_read_alike(name, values[0].__class__, schema)
            or all(goes_as_it_is(name, value, schema) for value in values)
            for name, values in zip(sheet.names, sheet.columns, strict=True)
        )

    def _fits(self, document: WriteDocument) -> bool:
        schema = self._index.schema
        return all(goes_as_it_is(name, given, schema) for name, given in document.fields.items())


def _form(document: WriteDocument) -> Form | None:
    """What documents of one pattern share; None for one that has none: with a version, say, or
    with several passages."""
    if document.version is not None or document.state is not None:
        return None
    for passages in document.vectors.values():
        if len(passages.vectors) != 1 or passages.digest:
            return None
    fields = document.fields
    return (*fields, *map(type, fields.values()), *document.vectors, document.digest is None)


def _values(document: WriteDocument, notation: Notation, vectors: Iterator[bytes]) -> list[bytes]:
    """The values of a document in the order in which they are written."""
    within = notation.within
    id = within(document.id)
    values = [id, id, *map(within, document.fields.values())]
    for passages in document.vectors.values():
        (span,) = passages.spans.tolist()
        values += (within(span[0]), within(span[1]), next(vectors))
    if document.digest is not None:
        values.append(within(document.digest))
    return values


def _made(document: WriteDocument, index: ClusterIndex) -> Pattern | None:
    """The pattern of a document's form, where what it gives for this document is right."""
    notation, fields = index.notation, document.fields
    action = action_of(document, index)
    asked, body = action
    marked = [
        _marked(asked),
        {name: _MARK if name in fields else _marked(part) for name, part in body.items()},
    ]
    (line,) = notation.lines([marked])
    pieces = line.split(notation.within(_MARK))
    vectors = [one.vectors[0] for one in document.vectors.values()]
    values = _values(document, notation, notation.vectors(vectors))
    if len(pieces) != len(values) + 1:
        return None
    parts = [b""] * (len(pieces) + len(values))
    parts[::2] = pieces
    doubtful = not all(
        always_read_alike(name, value.__class__, index.schema) for name, value in fields.items()
    )
    pattern = Pattern(parts, doubtful)
    return pattern if [pattern.filled(values)] == notation.lines([action]) else None


def _marked(value: Any) -> Any:
    """The same with marks in the places of its values."""
    if isinstance(value, Mapping):
        return {name: _marked(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_marked(part) for part in value]
    return _MARK
