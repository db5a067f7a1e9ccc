"""The blend inside the server by its search template, on real servers.

OpenSearch 3 runs the template itself. The other servers of these tests lack templates, so that
OpenSearch 3 fills in theirs, and they run what comes out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_places import QUERY, SCHEMA, Place, documents
from elasticsearch.dsl import E
from elasticsearch.esql import functions as esql
from elasticsearch.esql.esql import ESQL
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import SchemaError
from hybridsearch.wiring.mapping import Wanted, render_esql, render_mapping

MAPPINGS = Path(__file__).parents[2] / "mappings"
SERVERS = ("elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
TEXT = 'word "red" {{text}} \\ é\n'  # with all that JSON and templates make something of
BEST = 0.9 * 4  # the BM25 score, in Lucene's scale, that counts as one
Answer = list[tuple[str, float]]
Run = Callable[..., Answer]


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture(scope="module")
def place(server: str, server_url: ServerUrl) -> Iterator[Place]:
    place = Place(server.removesuffix("-8").removesuffix("-2"), server_url(server))
    place.make(vector_index="hnsw")
    yield place
    place.ask("DELETE")


@pytest.fixture
def run(server: str, place: Place, server_url: ServerUrl) -> Iterator[Run]:
    """Runs the template with parameters; the ids and scores."""
    wanted = Wanted(SCHEMA, "none", settings={"vector_index": "hnsw"})
    body = render_mapping(f"{place.product}:{place.name}", wanted)["search-template"]
    opensearch = server_url("opensearch")
    ask("PUT", f"{opensearch}/_scripts/{place.name}", body)

    def run(**given: Any) -> Answer:
        asked = {"id": place.name, "params": {"text": TEXT, "vector": QUERY.tolist(), **given}}
        if server == "opensearch":
            answer = place.ask("GET", "/_search/template", asked)
        else:
            filled = ask("POST", f"{opensearch}/_render/template", asked)["template_output"]
            answer = place.ask("POST", "/_search", filled)
        for hit in answer["hits"]["hits"]:
            assert {"id", "title", "body"} <= set(hit["_source"])
            assert "dense" not in hit["_source"]
        return [(hit["_source"]["id"], hit["_score"]) for hit in answer["hits"]["hits"]]

    yield run
    ask("DELETE", f"{opensearch}/_scripts/{place.name}")


def blended(server: str, place: Place, lexical: float, dense: float, where: Any = None) -> Answer:
    """The same sum by hand, of the true scores that a search tells."""
    with HybridIndex.open(place.target) as index:
        hits = index.search(
            TEXT, vector=QUERY, k=40, window=40, where=where, explain=True, fusion="combsum"
        ).hits
    made = []
    # The template is rendered for OpenSearch 3, whose BM25 is Lucene's own.
    bm25 = 2.2 if server == "opensearch-2" else 1.0
    for hit in hits:
        dot = hit.ledger["dense"].score or 0.0
        if place.product == "elasticsearch":
            near = (1 + dot) / 1.6
        else:
            near = (1 + dot if dot >= 0 else 1 / (1 - dot)) / 1.6
        score = lexical * bm25 * (hit.ledger["lexical"].score or 0.0) / BEST + dense * near
        made.append((hit.id, score))
    return sorted(made, key=lambda one: -one[1])


def same(found: Answer, expected: Answer) -> None:
    assert len(found) == len(expected)
    by_id = dict(expected)
    for (id, score), (_, at_this_rank) in zip(found, expected, strict=True):
        assert math.isclose(score, at_this_rank, rel_tol=1e-3)
        assert math.isclose(score, by_id[id], rel_tol=1e-3)


def test_one_request_blends_as_it_says(server: str, place: Place, run: Run) -> None:
    same(run(), blended(server, place, 0.2, 0.8)[:10])
    same(run(k=40), blended(server, place, 0.2, 0.8))


def test_weights_are_those_given(server: str, place: Place, run: Run) -> None:
    same(run(k=40, weights={"lexical": 0.5}), blended(server, place, 0.5, 0.8))
    found = run(k=40, weights={"lexical": 1.5, "dense": 0})
    same(found, blended(server, place, 1.5, 0.0))


def test_a_filter_holds_for_both_sides(server: str, place: Place, run: Run) -> None:
    found = run(k=40, filter={"bool": {"filter": [{"term": {"year": 2003}}]}})
    assert {id for id, _ in found} == {each["id"] for each in documents() if each["year"] == 2003}
    same(found, blended(server, place, 0.2, 0.8, where="year == 2003"))


def test_the_window_is_how_many_neighbours_count(run: Run) -> None:
    alone = {"lexical": 0}
    counted = [score for _, score in run(k=40, weights=alone, window=7) if score > 0]
    assert len(counted) == 7


def test_the_files_are_templates(server_url: ServerUrl) -> None:
    """Those in `mappings/`, stored and filled in."""
    url = server_url("opensearch")
    files = sorted(MAPPINGS.glob("*/*/search-template.json"))
    assert len(files) == 4
    for file in files:
        ask("PUT", f"{url}/_scripts/file", json.loads(file.read_text(encoding="utf-8")))
        asked = {"id": "file", "params": {"text": TEXT, "vector": [0.6, 0.8]}}
        filled = ask("POST", f"{url}/_render/template", asked)["template_output"]
        assert filled["size"] == 10
        lexical, _ = (clause["bool"]["must"][0] for clause in filled["query"]["bool"]["should"])
        for clause in lexical["bool"]["should"]:
            (asked_of,) = clause["match"].values()
            assert asked_of["query"] == TEXT
        names = [clause["bool"]["_name"] for clause in filled["query"]["bool"]["should"]]
        assert names == ["lexical", "dense"]
        assert "filter" not in filled["query"]["bool"]
    ask("DELETE", f"{url}/_scripts/file")


def test_an_index_with_exact_search_alone_is_blended_too(server_url: ServerUrl) -> None:
    place = Place("opensearch", server_url("opensearch"))
    place.make(vector_index="flat")
    wanted = Wanted(SCHEMA, "none", settings={"vector_index": "flat"})
    body = render_mapping(f"opensearch:{place.name}", wanted)["search-template"]
    try:
        source = body["script"]["source"]
        for filter, count in ((None, 40), ({"term": {"year": 2003}}, 4)):
            given = {"text": "word", "vector": QUERY.tolist(), "k": 40}
            if filter:
                given["filter"] = filter
            found = place.ask("GET", "/_search/template", {"source": source, "params": given})
            assert len(found["hits"]["hits"]) == count
    finally:
        place.ask("DELETE")


def test_a_vector_that_was_forgotten_is_refused(server_url: ServerUrl) -> None:
    body = render_mapping("opensearch:books", Wanted(SCHEMA, "none"))["search-template"]
    asked = {"source": body["script"]["source"], "params": {"text": "word"}}
    with pytest.raises(RefusedError, match="400"):
        ask("GET", f"{server_url('opensearch')}/_search/template", asked)


def test_the_esql_statement_is_what_the_official_client_writes() -> None:
    """No ES|QL runs here: that it is well-formed is what its own builder says."""
    schema = Schema(text={"title": {"weight": 2.0}, "body": {}}, dense={})
    lexical, dense = 0.2 / (BEST * 2.2), 0.8 / 1.6 * 2
    calls = (
        esql.match(E("title"), E("?text"), {"boost": round(2 * lexical, 7)}),
        esql.match(E("body"), E("?text"), {"boost": round(lexical, 7)}),
        esql.knn(E("embedding"), E("?vector"), {"boost": round(dense)}),
    )
    built = (
        ESQL.from_("books")
        .metadata("_id", "_score")
        .where(E(" OR ".join(map(str, calls))))
        .sort("_score DESC", "_id")
        .keep("_id", "title", "body", "_score")
        .limit(10)
    )
    assert " ".join(render_esql("books", schema, ["embedding"]).split()) == " ".join(
        built.render().split()
    )


def test_a_blend_needs_both() -> None:
    with pytest.raises(SchemaError, match="needs a schema with a text field, and a vector field"):
        render_esql("books", SCHEMA, [])
