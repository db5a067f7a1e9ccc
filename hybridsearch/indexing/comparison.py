"""A source beside an index: what is new, what has changed, and what is gone from the source."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from hybridsearch.engines.calls import WriteDocument
from hybridsearch.engines.reading_calls import GetDigests, GotDigests
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.refused import Refused
from hybridsearch.indexing.seen import Seen
from hybridsearch.indexing.stretch import Stretch
from hybridsearch.model.digests import Digests
from hybridsearch.model.document import Document


def only_documents(stretch: Stretch) -> Stretch:
    """The same with changes and deletions set aside."""
    whole = Stretch(refused=list(stretch.refused))
    for read in stretch.good:
        if isinstance(read.operation, Document):
            whole.good.append(read)
            continue
        error = DocumentError(
            "a sync takes whole documents, no _op", id=read.operation.id, field="_op"
        )
        whole.refused.append(Refused(read.position, read.record, error))
    return whole


class Comparison:
    """Goes along with the records of a source, and remembers their ids in 8 bytes each.

    added, changed, unchanged: documents so far; nameless: records that nothing can be told of,
    not even which document they are.
    """

    def __init__(self) -> None:
        self.added = 0
        self.changed = 0
        self.unchanged = 0
        self.nameless = 0
        self._seen = Seen(most=None)
        self._set_aside = Seen(most=None)

    def leave_out_unchanged(self, batch: Batch) -> Generator[GetDigests, Any, None]:
        """Take out of a batch what the index has as it is.

        An id that came before in the source is never left out: what searches see of it is not
        what was written since.
        """
        self._remember_refused(batch)
        ids = tuple(batch.documents)
        if not ids:
            return
        repeated = self._seen.known(ids)
        self._seen.add(ids)
        known: GotDigests = yield GetDigests(ids)
        for id, again in zip(ids, repeated, strict=True):
            write = batch.documents[id].write
            there = known.digests.get(id)
            if again:
                continue
            if there is None:
                self.added += 1
            elif isinstance(write, WriteDocument) and _is_there(write, there):
                self.unchanged += 1
                del batch.documents[id]
            else:
                self.changed += 1

    def gone(self, ids: Sequence[str]) -> list[str]:
        """Those of these ids that the source did not have."""
        known = zip(self._seen.known(ids), self._set_aside.known(ids), strict=True)
        return [id for id, there in zip(ids, known, strict=True) if not any(there)]

    def _remember_refused(self, batch: Batch) -> None:
        """What is set aside is in the source all the same."""
        named = [refused.id for refused in batch.refused]
        self.nameless += named.count(None)
        self._set_aside.add({id for id in named if id is not None})


def _is_there(write: WriteDocument, there: Digests) -> bool:
    """A newer version of the same content is written, so that nothing in between comes after it."""
    if write.version is not None and (there.version is None or there.version < write.version):
        return False
    return write.digest == there.document
