"""The contract that every engine keeps: each test here runs on every engine there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridIndex, Schema

ENGINES = ("embedded",)
DIMS = 8

Make = Callable[..., HybridIndex]


@pytest.fixture(params=ENGINES)
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A place for a new index, on each engine in turn."""
    assert request.param == "embedded"
    return f"embedded:{tmp_path / 'index'}"


@pytest.fixture
def schema() -> Schema:
    return Schema(
        text={"title": {"weight": 2.0}, "body": {}},
        metadata={
            "lang": "keyword",
            "year": "integer",
            "price": "float",
            "sold": "boolean",
            "seen": "date",
        },
        dense={"dense": {"embeds": ["title", "body"], "dims": DIMS}},
    )


@pytest.fixture
def make(target: str, schema: Schema) -> Iterator[Make]:
    """Makes the index of this test, without an encoder: vectors are given."""
    opened: list[HybridIndex] = []

    def made(documents: Any = (), **options: Any) -> HybridIndex:
        settings = {"schema": schema, "encoder": None, **options}
        index = HybridIndex.create(target, **settings)
        opened.append(index)
        index.add(documents)
        return index

    yield made
    for index in opened:
        index.close()
