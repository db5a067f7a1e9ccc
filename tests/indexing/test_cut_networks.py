"""A network that is cut at random moments, for a moment or longer: runs go on, and end exact."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from cluster_places import Place
from numbered_documents import SCHEMA, check_exact, numbered
from servers.ask import RefusedError
from servers.fault_proxy import Exchange, FaultProxy, fault_proxy, pass_through
from servers.fixtures import ServerUrl

import hybridsearch.indexing.flow
import hybridsearch.indexing.trail
from hybridsearch import HybridIndex
from hybridsearch.errors import UnavailableError

CUTS = 10
COUNT = 12_000
PATIENCE = {"timeout": 0.6, "write_timeout": 0.6}


@pytest.fixture(params=["elasticsearch", "opensearch"])
def place(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[Place]:
    found = Place(request.param, server_url(request.param))
    HybridIndex.create(
        found.target, schema=SCHEMA, encoder=None, settings={"vector_index": "flat", "replicas": 0}
    ).close()
    yield found
    with suppress(RefusedError):
        found.ask("DELETE")


class Cuts:
    """Cuts the network at random moments; requests then end before or after the server has them."""

    def __init__(self, proxy: FaultProxy, draw: random.Random) -> None:
        self.hit = 0
        self._proxy = proxy
        self._draw = draw
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._cut)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._proxy.fault = pass_through

    def _cut(self) -> None:
        while self.hit < CUTS and not self._over.wait(self._draw.uniform(0.05, 0.5)):
            before = self.hit

            def fault(exchange: Exchange, before: int = before) -> None:
                self.hit = before + 1
                if self._draw.random() < 0.5:
                    exchange.pass_on()
                exchange.reset()

            self._proxy.fault = fault
            # Less than the patience of a run, and more, in turn.
            self._over.wait(1.5 if before % 2 else 0.1)
            self._proxy.fault = pass_through


def test_runs_over_a_network_that_is_cut_again_and_again_end_exact(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    monkeypatch.setattr(hybridsearch.indexing.flow, "BATCH_DOCUMENTS", 64)
    broken, resumed = 0, 0
    with fault_proxy(place.url) as proxy, Cuts(proxy, random.Random(place.product)) as cuts:
        target, done = place.through(proxy.url), False
        while cuts.hit < CUTS or not done:
            done = False
            try:
                with HybridIndex.open(target, connection=PATIENCE) as index:
                    source = map(numbered, range(COUNT))
                    report = index.add(source, checkpoint=tmp_path / "run.checkpoint")
            except UnavailableError:
                broken += 1
                continue
            done = True
            resumed = max(resumed, report.resumed)
            assert report.indexed == COUNT
    assert broken > CUTS // 4
    assert resumed > 0
    assert not (tmp_path / "run.checkpoint").exists()
    with HybridIndex.open(place.target) as index:
        check_exact(index, COUNT)
