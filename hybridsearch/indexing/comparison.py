"""A source beside an index: what is new, what has changed, and what is gone from the source."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from hybridsearch.engines.calls import DeleteDocument, WriteDocument
from hybridsearch.engines.reading_calls import GetDigests, GotDigests
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.seen import Seen
from hybridsearch.indexing.stretch import Stretch
from hybridsearch.model.digests import Digests
from hybridsearch.model.document import Document, is_older


def only_documents(stretch: Stretch) -> Stretch:
    """The same with changes and deletions set aside."""
    whole = Stretch(refused=list(stretch.refused))
    for row, operation in enumerate(stretch.operations):
        if isinstance(operation, Document):
            whole.add(stretch.positions[row], stretch.records[row], operation)
            continue
        error = DocumentError("a sync takes whole documents, no _op", id=operation.id, field="_op")
        whole.refused.append(stretch.refuse(row, error))
    return whole


class Comparison:
    """Goes along with the records of a source, and remembers their ids in 8 bytes each.

    added, changed, unchanged: documents so far, each once; again: records whose id came before and
    had not changed then; outdated: records older than what the index has; nameless: records that
    nothing can be told of, not even which document they are.
    """

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.unchanged = 0
        self.again = 0
        self.outdated = 0
        self.nameless = 0
        self._written = Seen(most=None)
        self._unchanged = Seen(most=None)
        self._set_aside = Seen(most=None)

    def leave_out_unchanged(self, batch: Batch) -> Generator[GetDigests, Any, None]:
        """Take out of a batch what the index has as it is, or in a newer version.

        An id that came before in the source and was written is never left out: what searches see
        of it is not what was written since.
        """
        self._remember_refused(batch)
        ids = tuple(batch.documents.ids)
        if not ids:
            return
        known: GotDigests = yield GetDigests(ids)
        before = zip(ids, self._written.known(ids), self._unchanged.known(ids), strict=True)
        unchanged, outdated = list[str](), list[str]()
        for id, was_written, was_unchanged in before:
            if was_written:
                continue
            write, there = batch.documents[id], known.digests.get(id)
            is_there = there is not None and _is_there(write, there)
            if there is not None and not is_there and is_older(write.version, there.version):
                outdated.append(id)
                continue
            if was_unchanged:
                self.again += 1
                self.unchanged -= 1
            if is_there:
                unchanged.append(id)
            elif there is None:
                self.added += 1
            else:
                self.changed += 1
        self.unchanged += len(unchanged)
        self.outdated += len(outdated)
        for id in (*unchanged, *outdated):
            batch.leave_out(id)
        self._unchanged.add(unchanged)
        self._set_aside.add(outdated)
        self._written.add(batch.documents.ids)

    def gone(self, ids: Sequence[str]) -> list[str]:
        """Those of these ids that the source did not have."""
        seen = (self._written, self._unchanged, self._set_aside)
        known = zip(*(some.known(ids) for some in seen), strict=True)
        return [id for id, there in zip(ids, known, strict=True) if not any(there)]

    def _remember_refused(self, batch: Batch) -> None:
        """What is set aside is in the source all the same."""
        named = [refused.id for refused in batch.refused]
        self.nameless += named.count(None)
        self._set_aside.add({id for id in named if id is not None})


def _is_there(write: WriteDocument | DeleteDocument, there: Digests) -> bool:
    """A newer version of the same content is written, so that nothing in between comes after it."""
    if write.version is not None and (there.version is None or there.version < write.version):
        return False
    return isinstance(write, WriteDocument) and write.digest == there.document
