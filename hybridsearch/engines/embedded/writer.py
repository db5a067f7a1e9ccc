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

from hybridsearch.engines.calls import (
    DeleteDocument,
    PassageVectors,
    WriteDocument,
    Written,
)
from hybridsearch.engines.embedded.files import DocumentFiles, Records, revision_type
from hybridsearch.engines.embedded.refusals import not_opened, refused_write, unwritable
from hybridsearch.engines.embedded.rows import RowFiles
from hybridsearch.engines.embedded.standing import Standing, Standings
from hybridsearch.engines.embedded.text_index import ID, TextIndex
from hybridsearch.model.document import is_older
from hybridsearch.model.schema import Schema
from hybridsearch.model.written_fields import written

_HEAP_BYTES = 128_000_000


class Writer:
    """One at a time per index, over all processes; raises WriterBusyError for a second."""

    def __init__(self, folder: Path, schema: Schema, text: TextIndex, number: int) -> None:
        self.number = number
        self._folder = folder
        self._schema = schema
        self._text = text
        try:
            self._writer = text.index.writer(_HEAP_BYTES, 1)
        except ValueError as error:
            raise unwritable(folder, error) from error
        with self._disk():
            # A writer that was killed while it committed may have left files under the very names
            # that the next commit will want.
            self._writer.garbage_collect_files()
            self._documents = DocumentFiles(folder, len(schema.dense))
            self._rows = [
                RowFiles(folder, position, field.dims or 1)
                for position, field in enumerate(schema.dense.values())
            ]
        self._standings = Standings(folder, len(schema.dense), text)

    def write(self, operations: Sequence[WriteDocument | DeleteDocument]) -> Written:
        """Append documents, in the place of those with their ids, and remove some."""
        outdated: list[int] = []
        changed: list[int] = []
        wanted: list[WriteDocument] = []
        deleted = 0
        self._check_in_place()
        with self._disk():
            for position, operation in enumerate(operations):
                standing = self._standings.of(operation.id)
                if is_older(operation.version, standing.version):
                    outdated.append(position)
                elif isinstance(operation, DeleteDocument):
                    deleted += self._remove(operation.id, standing)
                    self._standings.put(operation.id, Standing(None, operation.version))
                elif _has_changed(operation, standing):
                    changed.append(position)
                else:
                    wanted.append(operation)
            replaced = self._append(wanted)
        return Written(
            len(wanted),
            replaced,
            deleted=deleted,
            outdated=tuple(outdated),
            changed=tuple(changed),
            writer=self.number,
        )

    def commit(self) -> int:
        """Return its number once everything written so far is durable."""
        if not self._standings.pending:
            return self.number
        with self._disk():
            for files in self._rows:
                files.sync()
            self._documents.sync()
            self._check_in_place()
            self._writer.commit()
        self._text.reload()
        self._standings.committed()
        return self.number

    def commit_if_pending(self, ids: Sequence[str]) -> None:
        """Commit, where any of these was written since the last commit."""
        if self._standings.holds(ids):
            self.commit()

    def rollback(self) -> None:
        """Forget everything since the last commit; the appended bytes stay unused."""
        if self._standings.pending:
            self._writer.rollback()
            self._standings.rolled_back()

    def close(self) -> None:
        """Roll back what was not committed, let merges end and release the lock."""
        for release in (self.rollback, self._writer.wait_merging_threads, self._documents.close):
            _quietly(release)
        for files in self._rows:
            _quietly(files.close)

    def _check_in_place(self) -> None:
        """A commit of tantivy writes by names, also into an index that has taken the place."""
        if not self._documents.in_place():
            raise not_opened(self._folder)

    def _append(self, documents: Sequence[WriteDocument]) -> int:
        """Append documents; returns how many took the place of others."""
        rows = np.zeros((len(documents), len(self._rows), 2), dtype=np.int64)
        for position, name in enumerate(self._schema.dense):
            self._append_rows(position, [d.vectors.get(name) for d in documents], rows)
        ordinals = self._documents.append(
            [(document.id.encode(), written(document.fields)) for document in documents],
            rows,
            self._revisions(documents),
        )
        replaced = 0
        for document, ordinal in zip(documents, ordinals.tolist(), strict=True):
            replaced += self._remove(document.id, self._standings.of(document.id))
            self._writer.add_document(self._text.document(document, ordinal))
            self._standings.put(document.id, Standing(ordinal, document.version))
        return replaced

    def _revisions(self, documents: Sequence[WriteDocument]) -> Records:
        made = np.zeros(len(documents), dtype=revision_type(len(self._rows)))
        for at, document in enumerate(documents):
            if document.version is not None:
                made["version"][at] = document.version + 1
            passages = [document.vectors.get(name) for name in self._schema.dense]
            texts = [given.digest if given is not None else None for given in passages]
            for place, digest in enumerate([document.digest, *texts]):
                if digest:
                    made["digests"][at, place] = np.frombuffer(bytes.fromhex(digest), np.uint8)
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

    def _remove(self, id: str, standing: Standing) -> bool:
        if standing.ordinal is None:
            return False
        self._writer.delete_documents_by_term(ID, id)
        return True

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise refused_write(self._folder, error) from error


def _has_changed(document: WriteDocument, standing: Standing) -> bool:
    expects = document.state is not None and document.version is None
    return expects and document.state != standing.ordinal


def _quietly(release: Callable[[], object]) -> None:
    """Release one thing of several: a failure must not keep the others from being released."""
    try:
        release()
    except (OSError, ValueError):
        return
