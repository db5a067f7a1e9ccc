"""The writer: it holds the index's lock, appends to the files and commits.

The order makes a commit atomic: bodies, vectors and records are on the disk before tantivy
commits the ordinals that refer to them. A writer that dies before that leaves unused bytes, and
the index stays as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from hybridsearch.engines.calls import PassageVectors, WriteDocument, Written
from hybridsearch.engines.embedded.files import DIGEST_BYTES, DocumentFiles
from hybridsearch.engines.embedded.rows import RowFiles
from hybridsearch.engines.embedded.text_index import ID, TextIndex
from hybridsearch.errors import StorageError, WriterBusyError
from hybridsearch.model.schema import Schema

_HEAP_BYTES = 128_000_000


class Writer:
    """One at a time per index, over all processes; raises WriterBusyError for a second."""

    def __init__(self, folder: Path, schema: Schema, text: TextIndex) -> None:
        self._folder = folder
        self._schema = schema
        self._text = text
        try:
            self._writer = text.index.writer(_HEAP_BYTES, 1)
        except ValueError as error:
            if "LockBusy" in str(error) or "Lock" in str(error):
                raise WriterBusyError(
                    f"another writer has the index in {folder} open: close it, or wait until "
                    "its process ends; reading is possible meanwhile"
                ) from error
            raise StorageError(f"the index in {folder} cannot be written to: {error}") from error
        with self._disk():
            # A writer that was killed while it committed may have left files under the very names
            # that the next commit will want.
            self._writer.garbage_collect_files()
            self._documents = DocumentFiles(folder, len(schema.dense))
            self._rows = [
                RowFiles(folder, position, field.dims or 1)
                for position, field in enumerate(schema.dense.values())
            ]
        self._searcher = text.index.searcher()
        self._uncommitted: dict[str, bool] = {}

    def write(self, documents: Sequence[WriteDocument]) -> Written:
        """Append documents; those with a known id take the place of the old ones."""
        documents = list({document.id: document for document in documents}.values())
        with self._disk():
            rows = np.zeros((len(documents), len(self._rows), 2), dtype=np.int64)
            for position, name in enumerate(self._schema.dense):
                self._append_rows(position, [d.vectors.get(name) for d in documents], rows)
            ordinals = self._documents.append(
                [(document.id.encode(), document.source) for document in documents],
                rows,
                self._digests(documents),
            )
            replaced = 0
            for document, ordinal in zip(documents, ordinals.tolist(), strict=True):
                replaced += self._remove(document.id)
                self._writer.add_document(self._text.document(document, ordinal))
                self._uncommitted[document.id] = True
        return Written(len(documents), replaced)

    def delete(self, ids: Sequence[str]) -> int:
        """Remove documents; returns how many were there."""
        with self._disk():
            deleted = 0
            for id in ids:
                if self._remove(id):
                    deleted += 1
                    self._uncommitted[id] = False
            return deleted

    def commit(self) -> None:
        """Return once everything written so far is durable."""
        if not self._uncommitted:
            return
        with self._disk():
            for files in self._rows:
                files.sync()
            self._documents.sync()
            self._writer.commit()
        self._uncommitted.clear()
        self._text.index.reload()
        self._searcher = self._text.index.searcher()

    def rollback(self) -> None:
        """Forget everything since the last commit; the appended bytes stay unused."""
        if self._uncommitted:
            self._writer.rollback()
            self._uncommitted.clear()

    def close(self) -> None:
        """Roll back what was not committed, let merges end and release the lock."""
        for release in (self.rollback, self._writer.wait_merging_threads, self._documents.close):
            _quietly(release)
        for files in self._rows:
            _quietly(files.close)

    def _digests(self, documents: Sequence[WriteDocument]) -> NDArray[np.uint8]:
        made = np.zeros((len(documents), 1 + len(self._rows), DIGEST_BYTES), dtype=np.uint8)
        for at, document in enumerate(documents):
            texts = [document.digests.text.get(name) for name in self._schema.dense]
            for place, digest in enumerate([document.digests.document, *texts]):
                if digest is not None:
                    made[at, place] = np.frombuffer(bytes.fromhex(digest), dtype=np.uint8)
        return made

    def _append_rows(
        self, position: int, given: Sequence[PassageVectors | None], rows: np.ndarray
    ) -> None:
        present = [(at, vectors) for at, vectors in enumerate(given) if vectors is not None]
        present = [(at, vectors) for at, vectors in present if len(vectors.vectors)]
        if not present:
            return
        counts = np.array([len(vectors.vectors) for _, vectors in present])
        first = self._rows[position].append(
            np.concatenate([vectors.vectors for _, vectors in present]),
            np.concatenate([vectors.spans for _, vectors in present]),
        )
        which = [at for at, _ in present]
        rows[which, position, 0] = first + np.cumsum(counts) - counts
        rows[which, position, 1] = counts

    def _remove(self, id: str) -> bool:
        known = self._uncommitted.get(id)
        if known is False:
            return False
        if known is None:
            if not self._searcher.doc_freq(ID, id):
                return False
            query = tantivy.Query.term_query(self._text.index.schema, ID, id)
            if not self._searcher.search(query, 1, count=False).hits:
                return False
        self._writer.delete_documents_by_term(ID, id)
        return True

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise StorageError(
                f"the disk refused a write to {self._folder} ({error}): the index stays as it was "
                "at its last commit; make room or allow writing there, then add the rest again"
            ) from error


def _quietly(release: Callable[[], object]) -> None:
    """Release one thing of several: a failure must not keep the others from being released."""
    try:
        release()
    except (OSError, ValueError):
        return
