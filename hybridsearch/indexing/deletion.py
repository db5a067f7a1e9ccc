"""The deletion flow: ids out of the index."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from hybridsearch.engines.calls import Commit, DeleteDocument, Durable, Write, Written
from hybridsearch.errors import EngineError
from hybridsearch.model.document import asked_id


def delete_documents(ids: Sequence[str]) -> Generator[Write | Commit, Any, int]:
    """Remove documents durably; returns how many were there. Raises QueryError for a wrong
    id, EngineError for documents that the engine would not remove."""
    asked = [DeleteDocument(id) for id in dict.fromkeys(map(asked_id, ids))]
    written: Written = yield Write(asked)
    durable: Durable | None = yield Commit()
    if durable is not None and durable.writer != written.writer:
        raise EngineError(
            "another write to the index failed meanwhile and took the deletions along: delete the "
            "documents again"
        )
    if written.failures:
        at, reason = written.failures[0]
        raise EngineError(
            f"{len(written.failures)} of {len(asked)} documents were not deleted, the first of "
            f"them {asked[at].id!r} ({reason}): delete them again"
        )
    return written.deleted
