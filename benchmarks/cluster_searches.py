"""The searches that are compared, each a function of one query."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from typing import Any, Final

import orjson
from cluster_bodies import (
    CANDIDATES,
    FILTER,
    PIPELINE,
    RESULTS,
    WINDOW,
    bare_searches,
    native_body,
    native_pipeline,
    raw_lines,
)
from cluster_http import Http
from cluster_place import Place
from data import Query

from hybridsearch import AsyncHybridIndex, HybridIndex

Search = Callable[[Query], Any]
AsyncSearch = Callable[[Query], Awaitable[Any]]

BARE: Final = "bare `_msearch`, official client"
RAW: Final = "the same in its fastest form"
RANKS: Final = 'hybridsearch, `fusion="rrf"`, ids alone'
FIELDS: Final = f"hybridsearch, window {WINDOW}, ten documents"
DEFAULT: Final = f"hybridsearch, default (window {CANDIDATES}, passages)"
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    RANKS: {"fusion": "rrf", "window": WINDOW, "fields": (), "passages": 0},
    FIELDS: {"window": WINDOW, "passages": 0},
    DEFAULT: {},
}


def bare(place: Place, index: str, left: ExitStack) -> Search:
    """Both lists of ids, by the official client with its own settings."""
    client: Any = _client(place)
    left.callback(client.close)

    def search(query: Query) -> list[list[str]]:
        asked = bare_searches(place.product, index, query)
        return _ids(client.msearch(**_argument(place, asked)))

    return search


def bare_async(place: Place, index: str, left: ExitStack, runner: asyncio.Runner) -> AsyncSearch:
    """The same with `await`."""

    async def made() -> Any:
        return _client(place, asynchronous=True)

    client = runner.run(made())
    left.callback(lambda: runner.run(client.close()))

    async def search(query: Query) -> list[list[str]]:
        asked = bare_searches(place.product, index, query)
        return _ids(await client.msearch(**_argument(place, asked)))

    return search


def raw(place: Place, index: str, left: ExitStack) -> Search:
    """Both lists of ids with their scores, by one connection a thread."""
    own = threading.local()
    path = f"/{index}/_msearch?filter_path={FILTER}"

    def search(query: Query) -> list[list[tuple[float, str]]]:
        http: Http | None = getattr(own, "http", None)
        if http is None:
            http = own.http = Http(place.urls[0])
            left.callback(http.close)
        found = http.ask("POST", path, raw_lines(place.product, query))
        return [
            [(score, id) for score, id in map(_sort, given["hits"]["hits"])] if given else []
            for given in found["responses"]
        ]

    return search


def hybrid(
    place: Place, index: str, left: ExitStack, *, settings: dict[str, Any] | None = None
) -> dict[str, Search]:
    """What a user calls, with each of OPTIONS."""
    opened = left.enter_context(HybridIndex.open(place.target(index), settings=settings))

    def with_options(options: dict[str, Any]) -> Search:
        return lambda query: opened.search(query.text, vector=query.vector, k=RESULTS, **options)

    return {name: with_options(options) for name, options in OPTIONS.items()}


def hybrid_async(
    place: Place, index: str, left: ExitStack, runner: asyncio.Runner
) -> dict[str, AsyncSearch]:
    """The same with `await`."""
    opened = runner.run(AsyncHybridIndex.open(place.target(index)))
    left.callback(lambda: runner.run(opened.close()))

    def with_options(options: dict[str, Any]) -> AsyncSearch:
        return lambda query: opened.search(query.text, vector=query.vector, k=RESULTS, **options)

    return {name: with_options(options) for name, options in OPTIONS.items()}


def native(place: Place, index: str, left: ExitStack) -> dict[str, Search]:
    """OpenSearch's `hybrid` query with a pipeline that normalises, by the official client."""
    client: Any = _client(place)
    left.callback(client.close)
    body = orjson.dumps(native_pipeline())
    path = f"/_search/pipeline/{PIPELINE}"
    place.http().ask("PUT", path, body)
    left.callback(lambda: place.http().ask("DELETE", path))
    pipeline = {"search_pipeline": PIPELINE}

    def asking(*, ids_alone: bool) -> Search:
        def search(query: Query) -> list[str]:
            asked = native_body(query, ids_alone=ids_alone)
            found = client.search(index=index, body=asked, params=pipeline)
            return [hit["_id"] for hit in found["hits"]["hits"]]

        return search

    return {
        "OpenSearch's `hybrid`, ten documents": asking(ids_alone=False),
        f"OpenSearch's `hybrid`, {WINDOW} ids": asking(ids_alone=True),
    }


def _client(place: Place, *, asynchronous: bool = False) -> Any:
    hosts = list(place.urls)
    if place.product == "elasticsearch":
        from elasticsearch import AsyncElasticsearch, Elasticsearch

        return AsyncElasticsearch(hosts) if asynchronous else Elasticsearch(hosts)
    from opensearchpy import AsyncOpenSearch, OpenSearch

    return AsyncOpenSearch(hosts) if asynchronous else OpenSearch(hosts)


def _argument(place: Place, searches: list[dict[str, Any]]) -> dict[str, Any]:
    return {"searches" if place.product == "elasticsearch" else "body": searches}


def _ids(found: Any) -> list[list[str]]:
    return [[hit["_id"] for hit in given["hits"]["hits"]] for given in found["responses"]]


def _sort(hit: dict[str, Any]) -> tuple[float, str]:
    score, id = hit["sort"]
    return score, id
