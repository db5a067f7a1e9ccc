"""The deletion flow alone, with its calls answered by hand."""

from __future__ import annotations

from typing import Any

import pytest

from hybridsearch.engines.calls import Commit, DeleteDocument, Durable, Write, Written
from hybridsearch.errors import EngineError
from hybridsearch.indexing.deletion import delete_documents
from hybridsearch.lockstep import run


def deleted(written: Written, durable: Durable | None) -> int:
    """What the flow returns, of an engine that answers so."""
    made: list[Any] = []

    def perform(calls: Any) -> list[Any]:
        made.extend(calls)
        return [written if isinstance(call, Write) else durable for call in calls]

    (count,) = run([delete_documents(["a", "b", "a"])], perform)
    write, commit = made
    assert write.documents == [DeleteDocument("a"), DeleteDocument("b")]
    assert commit == Commit()
    return int(count)


def test_it_tells_how_many_were_there() -> None:
    assert deleted(Written(0, 0, deleted=1), None) == 1
    assert deleted(Written(0, 0, deleted=2, writer=3), Durable(3)) == 2


def test_deletions_that_another_writer_took_along_are_an_error() -> None:
    with pytest.raises(EngineError, match="took the deletions along: delete the documents again"):
        deleted(Written(0, 0, deleted=2, writer=1), Durable(2))


def test_what_the_engine_would_not_remove_is_an_error() -> None:
    with pytest.raises(EngineError, match=r"1 of 2 documents were not deleted.*'b' \(why not\)"):
        deleted(Written(0, 0, ((1, "why not"),), deleted=1), None)
