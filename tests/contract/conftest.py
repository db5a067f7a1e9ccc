"""The contract that every engine keeps: each test here runs on every engine there is."""

from __future__ import annotations

import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


@pytest.fixture(params=ENGINES, scope="module")
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn, by its name or its server's."""
    name: str = request.param
    return name


@contextmanager
def new_target(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """A place for a new index, which is gone afterwards."""
    if engine == "embedded":
        yield f"embedded:{folder / 'index'}"
        return
    url = request.getfixturevalue("server_url")(engine)
    name = f"contract-{uuid.uuid4().hex}"
    yield f"{engine.removesuffix('-8').removesuffix('-2')}:{url.removeprefix('http:')}/{name}"
    delete_index(f"{url}/{name}")


@pytest.fixture
def target(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A place for a new index, on each engine in turn."""
    monkeypatch.chdir(tmp_path)  # where engines on servers leave dead letters
    with new_target(engine, request, tmp_path) as target:
        yield target


@pytest.fixture(scope="module")
def settings(engine: str) -> dict[str, Any]:
    """The index settings that make this engine exact."""
    return {} if engine == "embedded" else SETTINGS


def delete_index(url: str) -> None:
    """Take the test's index away, if it was made."""
    with suppress(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(url, method="DELETE")).close()


@pytest.fixture
def encoder(tiny: Encoder) -> CountingEncoder:
    return CountingEncoder(tiny)


@pytest.fixture(scope="module")
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


@contextmanager
def making(target: str, schema: Schema, settings: dict[str, Any]) -> Iterator[Make]:
    """Makes the index of this target, without an encoder: vectors are given."""
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


@pytest.fixture
def make(target: str, schema: Schema, settings: dict[str, Any]) -> Iterator[Make]:
    """Makes the index of this test."""
    with making(target, schema, settings) as make:
        yield make


@pytest.fixture(scope="module")
def make_shared(
    engine: str,
    schema: Schema,
    settings: dict[str, Any],
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Make]:
    """Makes an index for the tests of a module that leave it as it is."""
    with (
        new_target(engine, request, tmp_path_factory.mktemp("shared")) as target,
        making(target, schema, settings) as make,
    ):
        yield make
