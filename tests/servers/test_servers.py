"""Each server answers with its version, analyses English and finds vectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from servers.ask import ask
from servers.fixtures import ServerUrl
from servers.recipes import RECIPES

VECTOR = {
    "elasticsearch": {
        "type": "dense_vector",
        "dims": 3,
        "index": True,
        "similarity": "cosine",
        "index_options": {"type": "int8_hnsw"},
    },
    "opensearch": {
        "type": "knn_vector",
        "dimension": 3,
        "method": {"name": "hnsw", "engine": "lucene", "space_type": "cosinesimil"},
    },
}
NEAREST = {"vector": [0.0, 1.0, 0.0], "k": 1}
KNN = {
    "elasticsearch": {"knn": {"field": "v", "query_vector": NEAREST["vector"], "k": 1}},
    "opensearch": {"knn": {"v": NEAREST}},
}


@pytest.fixture(params=RECIPES)
def name(request: pytest.FixtureRequest) -> str:
    given: str = request.param
    return given


@pytest.fixture
def index(name: str, server_url: ServerUrl) -> Iterator[str]:
    """The URL of an index with two documents: text in English, and a vector."""
    product = RECIPES[name].product
    url = f"{server_url(name)}/of-the-server-tests"
    properties = {"text": {"type": "text", "analyzer": "english"}, "v": VECTOR[product]}
    settings: dict[str, Any] = {"number_of_shards": 1, "number_of_replicas": 0}
    if product == "opensearch":
        settings["knn"] = True
    ask("PUT", url, {"settings": {"index": settings}, "mappings": {"properties": properties}})
    try:
        ask("PUT", f"{url}/_doc/1", {"text": "The running foxes", "v": [1.0, 0.0, 0.0]})
        ask("PUT", f"{url}/_doc/2", {"text": "A sleeping dog", "v": [0.0, 1.0, 0.0]})
        ask("POST", f"{url}/_refresh")
        yield url
    finally:
        ask("DELETE", url)


def found(answer: Any) -> list[str]:
    return [hit["_id"] for hit in answer["hits"]["hits"]]


def test_the_server_tells_its_version(name: str, server_url: ServerUrl) -> None:
    root = ask("GET", server_url(name))
    assert root["version"]["number"] == RECIPES[name].version
    assert root["cluster_uuid"]


def test_english_is_analysed(index: str) -> None:
    asked = {"field": "text", "text": "The foxes' running"}
    tokens = ask("POST", f"{index}/_analyze", asked)["tokens"]
    assert [token["token"] for token in tokens] == ["fox", "run"]
    assert found(ask("POST", f"{index}/_search", {"query": {"match": {"text": "fox"}}})) == ["1"]


def test_the_nearest_vector_is_found(name: str, index: str) -> None:
    query = KNN[RECIPES[name].product]
    assert found(ask("POST", f"{index}/_search", {"query": query, "size": 1})) == ["2"]


def test_opensearch_2_blends_by_itself(opensearch_2_url: str) -> None:
    pipeline = f"{opensearch_2_url}/_search/pipeline/of-the-server-tests"
    normalise = {"normalization": {"technique": "min_max"}}
    ask("PUT", pipeline, {"phase_results_processors": [{"normalization-processor": normalise}]})
    ask("PUT", f"{opensearch_2_url}/blended/_doc/1?refresh=true", {"text": "foxes"})
    try:
        queries = [{"match": {"text": "foxes"}}, {"match": {"text": "dogs"}}]
        search = f"{opensearch_2_url}/blended/_search?search_pipeline=of-the-server-tests"
        assert found(ask("POST", search, {"query": {"hybrid": {"queries": queries}}})) == ["1"]
    finally:
        ask("DELETE", f"{opensearch_2_url}/blended")
        ask("DELETE", pipeline)
