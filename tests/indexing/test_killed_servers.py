"""A server that is killed again and again while it is written to: nothing it acknowledged is lost,
and the run goes on by itself each time the server is back."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_places import Place
from numbered_documents import SCHEMA, check_exact, numbered
from servers.fixtures import had
from servers.process import COMPILED_ONCE, Server, running, wait_for

import hybridsearch.indexing.flow
import hybridsearch.indexing.trail
from hybridsearch import HybridIndex

KILLS = 10


@pytest.fixture(params=["elasticsearch", "opensearch"])
def product(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def server(product: str) -> Iterator[Server]:
    """A server of this test alone."""
    with had(running(product, COMPILED_ONCE)) as server:
        yield server


@pytest.mark.slow
def test_a_run_outlasts_a_server_that_is_killed_again_and_again(
    product: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.2)
    monkeypatch.setattr(hybridsearch.indexing.flow, "BATCH_DOCUMENTS", 64)
    place = Place(product, server.url)
    HybridIndex.create(
        place.target, schema=SCHEMA, encoder=None, settings={"vector_index": "flat", "replicas": 0}
    ).close()
    killed = threading.Event()
    given = 0

    def until_the_last_kill() -> Iterator[dict[str, Any]]:
        nonlocal given
        while not killed.wait(0.0 if given % 16 else 0.005):
            yield numbered(given)
            given += 1

    def kill() -> None:
        draw, restarted = random.Random(product), server
        for _ in range(KILLS):
            threading.Event().wait(draw.uniform(0.0, 0.8))
            restarted = restarted.start_again()
            wait_for(restarted, nodes=1)
        killed.set()

    killer = threading.Thread(target=kill)
    killer.start()
    with HybridIndex.open(place.target) as index:
        report = index.add(until_the_last_kill(), checkpoint=tmp_path / "run.checkpoint")
        killer.join()
        assert report.indexed == given > KILLS * 64
        check_exact(index, given)
