"""What stands under an id for the writer: which ordinal, and which version it was given.

Tantivy knows what was committed; what came since is remembered here. A deletion's version is
remembered for a while, as clusters do, so that an older document that comes late stays out.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final, NamedTuple

import tantivy

from hybridsearch.engines.embedded.files import DocumentMap
from hybridsearch.engines.embedded.text_index import ID, TextIndex, ordinals_of

REMEMBERED_SECONDS: Final = 60.0


class Standing(NamedTuple):
    """A document by its ordinal, or none; and the version that its last write had, or none."""

    ordinal: int | None
    version: int | None


_NOTHING: Final = Standing(None, None)


class Standings:
    """By id, for the one writer of an index."""

    def __init__(self, folder: Path, vector_fields: int, text: TextIndex) -> None:
        self._folder = folder
        self._vector_fields = vector_fields
        self._text = text
        self._since: dict[str, Standing] = {}
        self._deleted: dict[str, tuple[int, float]] = {}
        self.committed()

    @property
    def pending(self) -> bool:
        """Whether anything has changed since the last commit."""
        return bool(self._since)

    def holds(self, ids: Iterable[str]) -> bool:
        """Whether any of these has changed since the last commit."""
        return any(id in self._since for id in ids)

    def of(self, id: str) -> Standing:
        """What stands under this id now."""
        if (known := self._since.get(id)) is not None:
            return known
        found = self._searcher.doc_freq(ID, id)
        if found:
            query = tantivy.Query.term_query(self._text.index.schema, ID, id)
            hits = self._searcher.search(query, 1, count=False).hits
            if hits:
                ordinal = int(ordinals_of(self._searcher, hits)[0])
                return Standing(ordinal, self._documents.version(ordinal))
        if id in self._deleted:
            return Standing(None, self._deleted[id][0])
        return _NOTHING

    def put(self, id: str, standing: Standing) -> None:
        """A write: a document, or none where it was deleted."""
        self._since[id] = standing
        if standing.ordinal is None and standing.version is not None:
            self._deleted[id] = (standing.version, time.monotonic())

    def committed(self) -> None:
        """Tantivy knows all of it now."""
        self._since.clear()
        self._searcher = self._text.index.searcher()
        self._documents = DocumentMap(self._folder, self._vector_fields)
        oldest = time.monotonic() - REMEMBERED_SECONDS
        self._deleted = {id: kept for id, kept in self._deleted.items() if kept[1] > oldest}

    def rolled_back(self) -> None:
        """What came since the last commit is forgotten."""
        for id in self._since:
            self._deleted.pop(id, None)
        self._since.clear()
