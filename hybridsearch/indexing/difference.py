"""What one index lacks of another: two scans, compared document by document."""

from __future__ import annotations

from collections.abc import Iterator

from hybridsearch.model.document import Document
from hybridsearch.model.written_fields import canonical_json


def lacking(origin: Iterator[Document], there: Iterator[Document]) -> Iterator[Document]:
    """The documents of `origin` that are not `there`, or are not the same there.

    Both by rising id and with their vectors.
    """
    other = next(there, None)
    for document in origin:
        while other is not None and other.id < document.id:
            other = next(there, None)
        if other is None or other.id != document.id or not _same(document, other):
            yield document


def _same(one: Document, other: Document) -> bool:
    return (
        one.version == other.version
        and one.fields == other.fields
        # To Python, True is 1 and 1 is 1.0.
        and canonical_json(one.fields) == canonical_json(other.fields)
        and one.vectors.keys() == other.vectors.keys()
        and all(
            one.vectors[name].spans.tobytes() == other.vectors[name].spans.tobytes()
            and one.vectors[name].vectors.tobytes() == other.vectors[name].vectors.tobytes()
            for name in one.vectors
        )
    )
