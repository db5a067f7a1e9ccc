"""Flows of requests to a cluster, driven by replies that are given: no server, no client."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any

import orjson

from hybridsearch import Schema
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import index_body
from hybridsearch.engines.cluster.server import Server
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Step
from hybridsearch.engines.elasticsearch.dialect import Elasticsearch
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.model.definition import IndexDefinition

SCHEMA = Schema(
    text={"title": {"weight": 2.0}, "body": {"analyzer": "english"}},
    metadata={
        "lang": "keyword",
        "year": "integer",
        "price": "float",
        "sold": "boolean",
        "seen": "date",
    },
    dense={"dense": {"embeds": ["title", "body"], "dims": 2}},
)
DEFINITION = IndexDefinition(SCHEMA, "some/encoder", {"model": "some/encoder", "dims": 2})
DIALECTS: dict[str, Dialect] = {"elasticsearch": Elasticsearch(), "opensearch": OpenSearch()}
SERVERS = {
    "elasticsearch": Server("Elasticsearch", (9, 2, 0), "basic"),
    "opensearch": Server("OpenSearch", (3, 5, 0), None, frozenset({"opensearch-knn"})),
}


def index_on(product: str, adopted: Shape | None = None, **settings: Any) -> ClusterIndex:
    """An index called books on this product, as its engine knows it once it is open.

    adopted: the shape of one that others made, which has no fields for digests.
    """
    return ClusterIndex(
        "books",
        f"{product}://host:9200/books",
        DEFINITION,
        IndexSettings.of(settings),
        DIALECTS[product],
        SERVERS[product],
        digests=adopted is None,
        adopted=adopted,
    )


def driven(
    flow: Generator[Step, Any, Any], replies: Sequence[Any] = ()
) -> tuple[list[HttpRequest], Any]:
    """The requests of a flow that is given these bodies, and what it returns; None where they
    end before it does. A reply may be an HttpReply."""
    made: list[HttpRequest] = []
    waiting = iter(replies)
    try:
        step = next(flow)
        while True:
            reply = None
            if isinstance(step, HttpRequest):
                made.append(step)
                reply = next(waiting, None)
                if reply is None:
                    return made, None
            step = flow.send(reply if isinstance(reply, HttpReply) else HttpReply(200, reply))
    except StopIteration as end:
        return made, end.value


def present(index: ClusterIndex) -> Any:
    """The reply that says that the index is there, as it was opened."""
    body = index_body(index.definition, index.settings, index.dialect)
    return {"books": {"mappings": orjson.loads(orjson.dumps(body["mappings"]))}}


def shown(request: HttpRequest) -> dict[str, Any]:
    """A request as JSON values; a body of lines as a list."""
    lines = [] if request.body is None else [orjson.loads(line) for line in _lines(request.body)]
    found: dict[str, Any] = {"request": f"{request.method} {request.path}"}
    if request.params:
        found["params"] = dict(request.params)
    if request.body is not None:
        found["body"] = lines if request.body.endswith(b"\n") else lines[0]
    return found


def _lines(body: bytes) -> list[bytes]:
    return body.split(b"\n")[:-1] if body.endswith(b"\n") else [body]
