"""Bodies of requests that are not hybridsearch's: as people write them, and as short as can be."""

from __future__ import annotations

from typing import Any, Final

import orjson
from cluster_indices import PLAIN
from data import Query

WINDOW: Final = 100
RESULTS: Final = 10
CANDIDATES: Final = 200
PIPELINE: Final = "benchmark-blend"
FILTER: Final = "responses.hits.hits.sort"

Body = dict[str, Any]


def bare_searches(product: str, index: str, query: Query) -> list[Body]:
    """Headers and bodies of a `_msearch`: both retrievers' best, without their fields."""
    vector = query.vector.tolist()
    lexical = {"query": {"match": {PLAIN.text: query.text}}, "size": WINDOW, "_source": False}
    dense: Body = {"size": WINDOW, "_source": False}
    if product == "elasticsearch":
        dense["knn"] = {
            "field": PLAIN.vector,
            "query_vector": vector,
            "k": WINDOW,
            "num_candidates": CANDIDATES,
        }
    else:
        dense["query"] = {"knn": {PLAIN.vector: {"vector": vector, "k": WINDOW}}}
    return [{"index": index}, lexical, {"index": index}, dense]


def raw_lines(product: str, query: Query) -> bytes:
    """The same searches of hybridsearch's index: nothing stored is read, ids are sort values."""
    nested: Body
    if product == "elasticsearch":
        nested = {
            "field": "dense.vector",
            "query_vector": query.vector,
            "k": CANDIDATES,
            "num_candidates": CANDIDATES,
        }
    else:
        nested = {"dense.vector": {"vector": query.vector, "k": CANDIDATES}}
    match = {"match": {"text": {"query": query.text, "boost": 1.0}}}
    lexical = {"bool": {"should": [match], "minimum_should_match": 1}}
    dense = {"nested": {"path": "dense", "score_mode": "max", "query": {"knn": nested}}}
    return b"".join(
        b"{}\n%b\n" % orjson.dumps(_ids_alone(asked), option=orjson.OPT_SERIALIZE_NUMPY)
        for asked in (lexical, dense)
    )


def native_body(query: Query, *, ids_alone: bool) -> Body:
    """OpenSearch's own blend: ten documents with their fields, or as many ids as the others."""
    nearest = {"vector": query.vector.tolist(), "k": WINDOW}
    queries = [
        {"match": {PLAIN.text: {"query": query.text}}},
        {"knn": {PLAIN.vector: nearest}},
    ]
    asked = {"hybrid": {"queries": queries, "pagination_depth": WINDOW}}
    if ids_alone:
        return {"query": asked, "size": WINDOW, "_source": False}
    return {"query": asked, "size": RESULTS, "_source": {"excludes": [PLAIN.vector]}}


def native_pipeline() -> Body:
    """What blends: min-max, and an arithmetic mean with the weights that hybridsearch has."""
    processor = {
        "normalization": {"technique": "min_max"},
        "combination": {
            "technique": "arithmetic_mean",
            "parameters": {"weights": [0.2, 0.8]},
        },
    }
    return {"phase_results_processors": [{"normalization-processor": processor}]}


def _ids_alone(query: Body) -> Body:
    return {
        "track_total_hits": False,
        "stored_fields": "_none_",
        "_source": False,
        "sort": [{"_score": "desc"}, {"id": "asc"}],
        "size": WINDOW,
        "query": query,
    }
