"""The contract that every engine keeps: each test here runs on every engine there is."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from counting_encoder import CountingEncoder

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder

ENGINES = ("embedded", "elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
DIMS = 8
# Exact search, as the embedded engine has it: graphs are right about most neighbours only.
SETTINGS = {"vector_index": "flat", "replicas": 0}

Make = Callable[..., HybridIndex]


@pytest.fixture(params=ENGINES)
def target(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A place for a new index, on each engine in turn."""
    monkeypatch.chdir(tmp_path)  # where engines on servers leave dead letters
    if request.param == "embedded":
        yield f"embedded:{tmp_path / 'index'}"
        return
    url = request.getfixturevalue("server_url")(request.param)
    engine = request.param.removesuffix("-8").removesuffix("-2")
    name = f"contract-{uuid.uuid4().hex}"
    yield f"{engine}:{url.removeprefix('http:')}/{name}"
    delete_index(f"{url}/{name}")


@pytest.fixture
def settings(target: str) -> dict[str, Any]:
    """The index settings that make this engine exact."""
    return {} if target.startswith("embedded:") else SETTINGS


def delete_index(url: str) -> None:
    """Take the test's index away, if it was made."""
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


@pytest.fixture
def encoder(tiny: Encoder) -> CountingEncoder:
    return CountingEncoder(tiny)


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
def make(target: str, schema: Schema, settings: dict[str, Any]) -> Iterator[Make]:
    """Makes the index of this test, without an encoder: vectors are given."""
    opened: list[HybridIndex] = []

    def made(documents: Any = (), **options: Any) -> HybridIndex:
        arguments = {"schema": schema, "encoder": None, "settings": settings, **options}
        index = HybridIndex.create(target, **arguments)
        opened.append(index)
        index.add(documents)
        return index

    yield made
    for index in opened:
        index.close()
