"""What people do with an index, task by task, as docs/operating.md tells their privileges.

`books` is there, with one document; beside it `books-theirs`, adopted, with one without a vector.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import pytest

from hybridsearch import HybridIndex, Schema
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.backfilling import backfill
from hybridsearch.wiring.copying import copy_index
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted

SCHEMA = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 2}})
BOOK = {"id": "whale", "title": "whales", "dense": [0.6, 0.8]}
ALONE = {"replicas": 0}

Connection = Mapping[str, Any]
Doing = Callable[[str, Connection], Any]


def created(target: str, connection: Connection) -> HybridIndex:
    return HybridIndex.create(
        target, schema=SCHEMA, encoder=None, settings=ALONE, connection=connection
    )


def search(target: str, connection: Connection) -> None:
    with HybridIndex.open(target, connection=connection) as index:
        index.search("whales", vector=[0.6, 0.8])
        index.get("whale")


def load(target: str, connection: Connection) -> None:
    with HybridIndex.open(target, connection=connection) as index:
        index.add([BOOK])


def sync(target: str, connection: Connection) -> None:
    with HybridIndex.open(target, connection=connection) as index:
        index.sync([{**BOOK, "id": "orca"}], most_deleted=1)


def fill(target: str, connection: Connection) -> None:
    assert backfill(f"{target}-theirs", connection=connection).filled == 1


def make(target: str, connection: Connection) -> None:
    created(f"{target}-new", connection).close()


def roll(target: str, connection: Connection) -> None:
    roll_out(target, Wanted(replace_index=True), connection=connection)


def copy_to(target: str, connection: Connection) -> None:
    with folder() as origin, environment(connection):
        with HybridIndex.create(origin, schema=SCHEMA, encoder=None) as index:
            index.add([BOOK])
        assert copy_index(origin, f"{target}-copy", settings=ALONE).copied == 1


def copy_from(target: str, connection: Connection) -> None:
    with folder() as copy, environment(connection):
        assert copy_index(target, copy).copied == 1


def adopt_theirs(target: str, connection: Connection) -> None:
    adopt(f"{target}-theirs", connection=connection)


# Each row of the page says what it needs beside those above it; those apart, all that they need.
ROWS: Final[dict[str, tuple[Doing, ...]]] = {
    "search": (search,),
    "load, sync, backfill": (load, sync, fill),
    "make an index, copy to it": (make, copy_to),
    "roll out, prune": (roll,),
}
APART: Final[dict[str, tuple[Doing, ...]]] = {
    "copy from it": (copy_from,),
    "adopt": (adopt_theirs,),
}


@contextmanager
def folder() -> Iterator[str]:
    """The target of an index in a new folder."""
    with tempfile.TemporaryDirectory() as path:
        yield f"embedded:{path}/books"


@contextmanager
def environment(connection: Connection) -> Iterator[None]:
    """A connection as commands are told it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in connection.items():
            patch.setenv(f"HYBRIDSEARCH_{name.upper()}", value)
        yield
