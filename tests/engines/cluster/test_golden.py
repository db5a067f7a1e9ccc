"""What is sent to each product, byte for byte in meaning: compared with the files in `golden/`.

`HYBRIDSEARCH_REWRITE_GOLDEN=1 pytest tests/engines/cluster/test_golden.py` writes files that
differ anew, and fails for each of them, so that no change goes unseen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Generator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from cluster_flows import DEFINITION, DIALECTS, SCHEMA, driven, index_on, present, shown

from hybridsearch.encoding.digest import text_digest
from hybridsearch.engines.calls import (
    Ahead,
    Commit,
    Complete,
    Count,
    DeleteDocument,
    DenseQuery,
    Get,
    LexicalQuery,
    PassageVectors,
    Refresh,
    Retrieve,
    Scan,
    Write,
)
from hybridsearch.engines.cluster.answers import answer
from hybridsearch.engines.cluster.backfill import (
    Filling,
    Lacking,
    begin_round,
    fill,
    read_lacking,
)
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import index_body
from hybridsearch.engines.cluster.opening import create_index, open_index
from hybridsearch.engines.cluster.shape import Shape, VectorShape
from hybridsearch.engines.cluster.views import WriteOrder
from hybridsearch.engines.cluster.wire import Step
from hybridsearch.engines.protocol import Call
from hybridsearch.engines.reading_calls import GetDigests, GetVectors, GetWhole
from hybridsearch.errors import ConfigurationError
from hybridsearch.indexing.prepare import prepare
from hybridsearch.indexing.rules import Rules
from hybridsearch.model.digests import Digests
from hybridsearch.model.document import as_document
from hybridsearch.model.filters import Resolved, resolve

RULES = Rules(SCHEMA, encodes=False)
GOLDEN = Path(__file__).parent / "golden"
PRODUCTS = ("elasticsearch", "opensearch")
INDEXED: dict[str, dict[str, Any]] = {
    "hnsw": {"vector_index": "hnsw"},
    "int8_hnsw": {"vector_index": "int8_hnsw", "m": 32, "ef_construction": 200},
    "int4_hnsw": {"vector_index": "int4_hnsw"},
    "bbq_hnsw": {"vector_index": "bbq_hnsw"},
    "flat": {"vector_index": "flat", "shards": 3, "replicas": 0, "refresh_interval": "30s"},
    "int8_hnsw_faiss": {"vector_index": "int8_hnsw", "vector_engine": "faiss"},
    "bbq_hnsw_faiss": {"vector_index": "bbq_hnsw", "vector_engine": "faiss"},
}
QUERIES = (
    LexicalQuery("lexical", "whale ship", {"title": 2.0, "body": 1.0}),
    DenseQuery("dense", "dense", np.array([0.6, 0.8], dtype=np.float32)),
)
ALL_FILTERS = (
    "lang == 'en' and year >= 1900 and not sold == true and (price < 0.5 or exists seen) "
    "and seen > 2024-02-29 and lang in ('en', 'de') and id prefix 'b' and lang != 'fr'"
)


def where(text: str) -> Resolved:
    found = resolve(text, SCHEMA.field_types)
    assert found is not None
    return found


def written(*documents: dict[str, Any], state: Any = None) -> Write:
    made = []
    for given in documents:
        ready, _ = prepare(as_document(given, SCHEMA.dense), RULES)
        rows = ready.vectors["dense"].vectors
        spans = np.array([[0, 9]] * len(rows), dtype=np.int32)
        vectors = {"dense": PassageVectors(spans, rows, text_digest("text", 250, 32))}
        made.append(replace(ready, vectors=vectors, state=state))
    return Write(made)


MOBY_DICK = {"id": "é/☃", "title": "Moby Dick", "year": 1851, "dense": [0.6, 0.8]}
CALLS: dict[str, Call] = {
    "retrieve": Retrieve(QUERIES, None, 100),
    "retrieve_filtered": Retrieve(QUERIES, where(ALL_FILTERS), 500, allow_partial=True),
    "retrieve_ahead": Retrieve(QUERIES, None, 100, Ahead(25, (0.2, 0.8), None, 1)),
    "complete": Complete(QUERIES, (["b1", "b2"], ["b3"]), ["b1", "b3"], ("title", "year"), 2),
    "complete_scores_alone": Complete(QUERIES, (["b1"], []), []),
    "fetch_all_fields": Complete(QUERIES, ([], []), ["b1"], None, 0),
    "get_digests": GetDigests(("b1", "é/☃")),
    "get_vectors": GetVectors(("b1", "é/☃"), ("dense",)),
    "get": Get(("b1", "é/☃")),
    "get_whole": GetWhole(("b1", "é/☃")),
    "scan": Scan(None, 500),
    "scan_vectors": Scan("é/☃", 100, vectors=True),
    "count": Count(),
    "count_filtered": Count(where("year == 1851")),
    "delete": Write((DeleteDocument("b1"), DeleteDocument("é/☃", 7))),
    "write_changed": written(MOBY_DICK, state=(7, 1)),
    "write_versioned": written({**MOBY_DICK, "_version": 1_700_000_000_000}),
    "commit": Commit(),
    "refresh": Refresh(),
    "write": written(
        MOBY_DICK,
        {
            "id": "b2",
            "title": ["One", "Two"],
            "body": 7,
            "lang": ["en", "de"],
            "price": "0.5",
            "sold": None,
            "seen": "2024-02-29T12:00:00+01:00",
            "extra": {"kept": [1, "x"]},
            "dense": np.array([[1, 0], [0, 1]], dtype=np.float32),
        },
    ),
}


ADOPTED = {
    "flat": Shape(None, {"dense": VectorShape("meta.embedding", None, False, "halved")}),
    "nested": Shape("key", {"dense": VectorShape("parts.v.x", "parts", False, "halved")}),
    "exact": Shape(None, {"dense": VectorShape("embedding", None, False, "halved", exact=True)}),
}
OF_ADOPTED: dict[str, Call] = {
    **{
        name: CALLS[name]
        for name in (
            "retrieve_ahead",
            "complete",
            "get",
            "get_digests",
            "get_vectors",
            "count",
            "write",
        )
    },
    "retrieve_filtered": Retrieve(QUERIES, where("lang == 'en' and id in ('b1', 'b2')"), 100),
}
# What is answered before a call's last request: that no document is where its id says, and that
# none has a routing.
BEFORE: dict[str, list[Any]] = {
    "get": [{"docs": []}],
    "get_vectors": [{"docs": []}],
    "write": [{}, {"hits": {"total": {"value": 0}}}],
}


def check(path: Path, found: Any) -> None:
    """Compare with the golden file, or write it and fail, where that was asked for."""
    text = json.dumps(found, indent=1, ensure_ascii=False) + "\n"
    if path.exists() and path.read_text() == text:
        return
    if os.environ.get("HYBRIDSEARCH_REWRITE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        pytest.fail(f"{path} was rewritten: look at its difference", pytrace=False)
    assert path.exists(), f"{path} is missing; see the docstring"
    assert json.loads(text) == json.loads(path.read_text())
    assert text == path.read_text()


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("kind", INDEXED)
def test_an_index_is_made_with_this_body(product: str, kind: str) -> None:
    settings = IndexSettings.of(INDEXED[kind])
    if product == "opensearch" and kind in {"int4_hnsw", "bbq_hnsw"}:
        with pytest.raises(ConfigurationError, match="vector_engine='faiss'"):
            index_body(DEFINITION, settings, DIALECTS[product])
        return
    if product == "elasticsearch" and settings.vector_engine == "faiss":
        return  # a setting of OpenSearch
    body = index_body(DEFINITION, settings, DIALECTS[product])
    check(GOLDEN / product / f"index_{kind}.json", orjson.loads(orjson.dumps(body)))


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", CALLS)
def test_a_call_becomes_these_requests(product: str, name: str) -> None:
    index = index_on(product)
    looked = [present(index)] if isinstance(CALLS[name], Write) else []
    if name == "commit":
        looked = [{"_shards": {"failed": 0}}]
    made, _ = driven(answer([CALLS[name]], index), looked)
    check(GOLDEN / product / f"{name}.json", [shown(request) for request in made])


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("name", ["retrieve", "retrieve_filtered", "complete"])
def test_exact_and_global_search_become_these_requests(product: str, name: str) -> None:
    index = index_on(product, vector_index="flat", dfs=True, effort=3.0)
    made, _ = driven(answer([CALLS[name]], index))
    check(GOLDEN / product / f"{name}_flat_dfs.json", [shown(request) for request in made])


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("shape", ADOPTED)
@pytest.mark.parametrize("name", OF_ADOPTED)
def test_a_call_to_an_adopted_index_becomes_these_requests(
    product: str, shape: str, name: str
) -> None:
    if (product, shape) == ("elasticsearch", "exact"):
        return  # Elasticsearch's fields are searched by their index alone
    index = index_on(product, ADOPTED[shape])
    looked = [*BEFORE.get(name, []), *([present(index)] if name == "write" else [])]
    made, _ = driven(answer([OF_ADOPTED[name]], index), looked)
    check(GOLDEN / product / f"adopted_{shape}_{name}.json", [shown(request) for request in made])


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("shape", ["own", *ADOPTED])
def test_filling_documents_becomes_these_requests(product: str, shape: str) -> None:
    index = index_on(product, ADOPTED.get(shape))
    order = WriteOrder()
    order.take([{"_id": "b1", "sort": [41]}])
    begun, _ = driven(begin_round("dense", index))
    lacking, _ = driven(read_lacking("dense", 100, order, index))
    known = Digests("d" * 32, {"other": "o" * 32})
    span, vector = np.array([[0, 9]], np.int32), np.array([[0.6, 0.8]], np.float32)
    passages = PassageVectors(span, vector, "t" * 32)
    given = Filling(Lacking("é/☃", {"title": "One"}, (42, 1), known), passages)
    written, _ = driven(fill("dense", [given], index), [present(index)])
    requests = [shown(request) for request in (*begun, *lacking, *written)]
    check(GOLDEN / product / f"backfill_{shape}.json", requests)


def test_the_calls_of_a_round_share_one_request() -> None:
    index = index_on("elasticsearch")
    calls = [CALLS["retrieve"], CALLS["complete"], CALLS["retrieve_filtered"]]
    made, _ = driven(answer(calls, index))
    (request,) = made
    alone = [shown(driven(answer([call], index))[0][0])["body"] for call in calls]
    assert shown(request)["body"] == [line for body in alone for line in body]


Flow = Callable[..., Generator[Step, Any, Any]]


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("flow", ["create", "open"])
def test_making_and_opening_become_these_requests(product: str, flow: str) -> None:
    index = index_on(product)
    number = ".".join(map(str, index.server.version))
    version = {"number": number, "distribution": product}
    plugins = [{"name": "opensearch-knn"}] if product == "opensearch" else []
    replies = [
        {"version": version},
        {"nodes": {"n": {"version": number, "plugins": plugins, "modules": []}}},
        *([{"license": {"type": "basic"}}] if product == "elasticsearch" else []),
        *([{"acknowledged": True}] if flow == "create" else []),
        present(index),
    ]
    arguments = ("books", index.target)
    asking = (
        create_index(*arguments, DEFINITION, {}, index.dialect)
        if flow == "create"
        else open_index(*arguments, None, index.dialect)
    )
    made, opened = driven(asking, replies)
    assert opened.definition == DEFINITION
    check(GOLDEN / product / f"{flow}.json", [shown(request) for request in made])
