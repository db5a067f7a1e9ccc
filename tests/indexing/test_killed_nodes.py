"""A cluster of three nodes that loses one, by kill -9, while it is written to and searched."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from numbered_documents import SCHEMA, VECTORS, check_exact, numbered
from servers.ask import ask
from servers.cluster import Cluster

import hybridsearch.indexing.flow
import hybridsearch.indexing.trail
from hybridsearch import HybridIndex, SearchResponse
from hybridsearch.errors import PartialResultsError

AFTERWARDS = 1_500


def target_on(cluster: Cluster, name: str) -> str:
    hosts = ",".join(url.removeprefix("http://") for url in cluster.urls)
    return f"elasticsearch://{hosts}/{name}"


def make(target: str, replicas: int, **connection: float) -> HybridIndex:
    settings = {"vector_index": "flat", "shards": 3, "replicas": replicas}
    return HybridIndex.create(
        target, schema=SCHEMA, encoder=None, settings=settings, connection=connection
    )


def check_warnings(index: HybridIndex, count: int) -> None:
    """Some of the documents cannot be found any more: that is an error, or a warning."""
    asked: dict[str, Any] = {"vector": VECTORS[0], "k": count, "window": count}
    with pytest.raises(PartialResultsError):
        index.search("more", **asked)
    part = index.search("more", **asked, allow_partial=True)
    assert count / 3 < len(part.hits) < count
    assert part.degraded
    assert any("shard" in warning for warning in part.warnings)


def searching(
    index: HybridIndex, killed: threading.Event, until: threading.Event
) -> list[tuple[SearchResponse, bool]]:
    """Searches one after the other, and whether each began after the kill; raises the error of one
    that fails."""
    found: list[tuple[SearchResponse, bool]] = []
    while not until.is_set():
        query, after = VECTORS[len(found) % len(VECTORS)], killed.is_set()
        answer = index.search("word1 more", vector=query, k=5, allow_partial=True)
        found.append((answer, after))
    return found


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_node_and_searches_go_on(
    elasticsearch_cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The node is the one that is asked first, and most often the master. An index without replicas
    loses a part."""
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.2)
    monkeypatch.setattr(hybridsearch.indexing.flow, "BATCH_DOCUMENTS", 64)
    killed = threading.Event()
    given = 0

    def until_it_has_gone_on() -> Iterator[dict[str, Any]]:
        nonlocal given
        left = AFTERWARDS
        while left:
            left -= killed.is_set()
            yield numbered(given)
            given += 1
            if given % 64 == 0:
                time.sleep(0.01)

    with (
        make(target_on(elasticsearch_cluster, "lone"), replicas=0, timeout=10.0) as lone,
        make(target_on(elasticsearch_cluster, "kept"), replicas=1) as index,
        ThreadPoolExecutor(2) as pool,
    ):
        index.add(numbered(number) for number in range(64))
        lone.add(numbered(number) for number in range(300))
        whole = lone.search("more", vector=VECTORS[0], k=300, window=300)
        assert (len(whole.hits), whole.warnings) == (300, ())
        ended = threading.Event()
        asked = [pool.submit(searching, index, killed, ended) for _ in range(2)]

        def kill() -> None:
            time.sleep(2.0)
            elasticsearch_cluster.kill(0)
            assert not elasticsearch_cluster.nodes[0].runs
            killed.set()

        killer = threading.Thread(target=kill)
        killer.start()
        try:
            report = index.add(until_it_has_gone_on(), checkpoint=tmp_path / "run.checkpoint")
        finally:
            ended.set()
            killer.join()
        assert report.indexed == given
        assert report.failed == 0
        health = f"{elasticsearch_cluster.urls[1]}/_cluster/health"
        assert ask("GET", f"{health}?wait_for_nodes=2&timeout=60s")["number_of_nodes"] == 2
        check_warnings(lone, 300)
        index.refresh()
        check_exact(index, given)
        for answers in asked:
            found = answers.result()
            assert [one for one, _ in found if len(one.hits) != 5 and not one.degraded] == []
            assert any(after for _, after in found)
