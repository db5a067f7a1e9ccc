"""An index on each product, reached by a proxy that can misbehave, sync and async."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from cluster_places import Ask, Place, ask_index, ask_index_async
from servers.ask import RefusedError
from servers.fault_proxy import FaultProxy, fault_proxy
from servers.fixtures import ServerUrl


@pytest.fixture(params=["elasticsearch", "opensearch"], scope="module")
def product(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def filled(product: str, server_url: ServerUrl) -> Iterator[Place]:
    """An index of forty documents for the tests of a module, which leave it as it is."""
    place = Place(product, server_url(product))
    place.make()
    yield place
    place.ask("DELETE")


@pytest.fixture
def place(product: str, server_url: ServerUrl) -> Iterator[Place]:
    """A name for an index of this test alone."""
    place = Place(product, server_url(product))
    yield place
    with suppress(RefusedError):
        place.ask("DELETE")


@pytest.fixture
def proxy(product: str, server_url: ServerUrl) -> Iterator[FaultProxy]:
    """A proxy before the product's server, without faults as yet."""
    with fault_proxy(server_url(product)) as made:
        yield made


@pytest.fixture
def unused() -> Iterator[int]:
    """A port on which nothing listens, and nothing can while the test runs."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        yield port


@pytest.fixture(autouse=True)
def in_a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where dead letters are left."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["sync", "async"])
def asked(request: pytest.FixtureRequest) -> Ask:
    """`asked(target, "search", ...)` opens the index, calls the method, and closes it.

    then: called between opening and asking; create: the index is made and not opened.
    """
    return ask_index if request.param == "sync" else ask_index_async
