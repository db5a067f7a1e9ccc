"""Several shards: completed scores are the retrievers' own, and dfs gives those of one shard."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from cluster_places import SCHEMA, Place
from servers.fixtures import ServerUrl
from vectors import random_units

from hybridsearch import HybridIndex

WORDS = ["red", "green", "blue", "black", "white", "amber", "coral", "ivory", "lilac", "mauve"]
COUNT = 300
QUERIES = ("red ivory", "blue", "lilac mauve amber")
EXACT = {"vector_index": "flat", "replicas": 0}


def library() -> list[dict[str, Any]]:
    random = np.random.default_rng(4)
    vectors = random_units(COUNT, seed=4)
    return [
        {
            "id": f"d{n:03d}",
            "title": " ".join(random.choice(WORDS, random.integers(1, 4))),
            "body": " ".join(random.choice(WORDS, random.integers(1, 40))),
            "dense": vectors[n],
        }
        for n in range(COUNT)
    ]


@pytest.fixture(scope="module")
def indexed(product: str, server_url: ServerUrl) -> Iterator[dict[int, Place]]:
    """The same documents in one shard and in three."""
    places = {shards: Place(product, server_url(product)) for shards in (1, 3)}
    for shards, place in places.items():
        place.make(library(), shards=shards)
    yield places
    for place in places.values():
        place.ask("DELETE")


def scores(index: HybridIndex, query: str, window: int, k: int) -> dict[str, dict[str, Any]]:
    """Ledgers by id."""
    vector = random_units(1, seed=len(query))[0]
    response = index.search(query, vector=vector, window=window, k=k, explain=True)
    return {hit.id: dict(hit.ledger) for hit in response.hits}


@pytest.mark.parametrize("dfs", [False, True])
def test_completed_scores_are_those_that_the_retrievers_give(
    indexed: dict[int, Place], dfs: bool
) -> None:
    completed = 0
    with HybridIndex.open(indexed[3].target, settings={"dfs": dfs}) as index:
        for query in QUERIES:
            everything = scores(index, query, window=COUNT, k=COUNT)
            for id, ledger in scores(index, query, window=10, k=10).items():
                for name, entry in ledger.items():
                    completed += entry.completed
                    assert entry.score == pytest.approx(everything[id][name].score, abs=1e-5)
    assert completed > 10


def test_dfs_gives_the_scores_of_one_shard(indexed: dict[int, Place]) -> None:
    with (
        HybridIndex.open(indexed[1].target) as one,
        HybridIndex.open(indexed[3].target, settings={"dfs": True}) as three,
        HybridIndex.open(indexed[3].target) as apart,
    ):
        for query in QUERIES:
            expected, given, without = (
                {
                    id: ledger["lexical"].score
                    for id, ledger in scores(index, query, COUNT, COUNT).items()
                }
                for index in (one, three, apart)
            )
            assert given == pytest.approx(expected, abs=1e-4)
            assert without != pytest.approx(expected, abs=1e-2)


def test_dfs_may_be_the_indexs_own_setting(place: Place) -> None:
    settings = {**EXACT, "shards": 3, "dfs": True}
    HybridIndex.create(place.target, schema=SCHEMA, encoder=None, settings=settings).close()
    with HybridIndex.open(place.target) as index:
        index.add(library())
        own = scores(index, QUERIES[0], COUNT, COUNT)
    with HybridIndex.open(place.target, settings={"dfs": False}) as index:
        assert scores(index, QUERIES[0], COUNT, COUNT) != own


def test_dense_scores_do_not_depend_on_shards(indexed: dict[int, Place]) -> None:
    found = []
    for place in indexed.values():
        with HybridIndex.open(place.target) as index:
            hits = index.search(vector=random_units(1)[0], k=50, explain=True).hits
            found.append([(hit.id, round(hit.ledger["dense"].score or 0, 5)) for hit in hits])
    assert found[0] == found[1]
