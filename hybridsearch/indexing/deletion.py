"""The deletion flow: ids out of the index."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

from hybridsearch.engines.calls import Commit, Delete, Deleted
from hybridsearch.errors import QueryError


def delete_documents(ids: Sequence[str]) -> Generator[Delete | Commit, Any, int]:
    """Remove documents durably; returns how many were there. Raises QueryError for a wrong id."""
    for id in ids:
        if not isinstance(id, str):
            raise QueryError(f"an id must be a string, not {id!r}")
    deleted: Deleted = yield Delete(tuple(dict.fromkeys(ids)))
    yield Commit()
    return deleted.deleted
