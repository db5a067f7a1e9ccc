"""A client that the caller brings is used as it is, and stays the caller's."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import elasticsearch
import opensearchpy
import pytest
from cluster_places import QUERY, SCHEMA, Place
from servers.fault_proxy import FaultProxy, html, once, status, times

from hybridsearch import AsyncHybridIndex, HybridIndex
from hybridsearch.errors import ConfigurationError, DeadlineError, EngineError

SYNC = {"elasticsearch": elasticsearch.Elasticsearch, "opensearch": opensearchpy.OpenSearch}
ASYNC = {
    "elasticsearch": elasticsearch.AsyncElasticsearch,
    "opensearch": opensearchpy.AsyncOpenSearch,
}


@pytest.fixture
def client(filled: Place, proxy: FaultProxy) -> Iterator[Any]:
    """As people make it, by way of the proxy."""
    with SYNC[filled.product](proxy.url) as made:
        yield made


def name_alone(place: Place) -> str:
    return f"{place.product}:{place.name}"


@contextmanager
def closings(client: Any) -> Iterator[list[str]]:
    """What closes the client meanwhile."""
    found: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client, "close", lambda: found.append("client"))
        patch.setattr(client.transport, "close", lambda: found.append("transport"))
        yield found


def test_it_is_used_and_not_closed(filled: Place, proxy: FaultProxy, client: Any) -> None:
    with closings(client) as closed:
        with HybridIndex.open(name_alone(filled), client=client) as index:
            assert index.count() == 40
            assert index.search("word", vector=QUERY).hits
            assert index.get("d001") is not None
        with pytest.raises(EngineError):
            HybridIndex.open(f"{filled.product}:nothing", client=client)
    assert proxy.asked("_msearch")
    assert closed == []


def test_it_makes_and_fills_an_index(place: Place, client: Any) -> None:
    given = [{"id": "ä", "title": "Wörter ☃", "dense": QUERY}]
    with HybridIndex.create(name_alone(place), schema=SCHEMA, encoder=None, client=client) as index:
        assert index.add(given).indexed == 1
        assert index.delete("nothing") == 0
    found: Any = place.ask("GET", "/_doc/%C3%A4")
    assert found["_source"]["title"] == "Wörter ☃"


def test_a_serializer_that_knows_text_alone_is_given_text(filled: Place) -> None:
    class Text(opensearchpy.serializer.JSONSerializer):
        def dumps(self, data: Any) -> Any:
            return data if isinstance(data, str) else json.dumps(data)

    if filled.product != "opensearch":
        pytest.skip("the official client of Elasticsearch has serializers by media type")
    with (
        opensearchpy.OpenSearch(filled.url, serializer=Text()) as client,
        HybridIndex.open(name_alone(filled), client=client) as index,
    ):
        assert index.search("word", vector=QUERY).hits


async def test_an_asynchronous_one_is_used_and_not_closed(filled: Place, proxy: FaultProxy) -> None:
    async with ASYNC[filled.product](proxy.url) as client:
        with closings(client) as closed:
            async with await AsyncHybridIndex.open(name_alone(filled), client=client) as index:
                assert await index.count() == 40
                assert (await index.search("word", vector=QUERY)).hits
        assert proxy.asked("_msearch")
        assert closed == []


async def test_a_synchronous_one_serves_an_asynchronous_index(filled: Place, client: Any) -> None:
    with closings(client) as closed:
        async with await AsyncHybridIndex.open(name_alone(filled), client=client) as index:
            counts = await asyncio.gather(*(index.count() for _ in range(5)))
    assert counts == [40] * 5
    assert closed == []


def test_an_asynchronous_one_is_no_client_for_a_synchronous_index(filled: Place) -> None:
    client = ASYNC[filled.product](filled.url)
    with pytest.raises(ConfigurationError, match="asynchronous: use it with AsyncHybridIndex"):
        HybridIndex.open(name_alone(filled), client=client)
    asyncio.run(client.close())


def test_another_products_client_is_refused(filled: Place) -> None:
    other = "opensearch" if filled.product == "elasticsearch" else "elasticsearch"
    with (
        SYNC[other](filled.url) as client,
        pytest.raises(ConfigurationError, match=r"client must be .* object, not "),
    ):
        HybridIndex.open(name_alone(filled), client=client)


@pytest.mark.parametrize("wrong", ["http://localhost:9200", 7, object()])
def test_what_is_no_client_is_refused(filled: Place, wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="client must be"):
        HybridIndex.open(name_alone(filled), client=wrong)


def test_a_client_knows_the_address_so_the_target_has_none(filled: Place, client: Any) -> None:
    with pytest.raises(ConfigurationError, match=f"write {filled.product}:NAME beside a client"):
        HybridIndex.open(filled.target, client=client)


@pytest.mark.parametrize("setting", ["api_key", "bearer", "ca_certs", "compress"])
def test_settings_that_are_the_clients_are_refused_beside_it(
    filled: Place, client: Any, setting: str
) -> None:
    with pytest.raises(ConfigurationError, match=f"{setting}.* the client that was given"):
        HybridIndex.open(name_alone(filled), client=client, connection={setting: "1"})


def test_the_environments_credentials_are_not_its_matter(
    filled: Place, client: Any, monkeypatch: pytest.MonkeyPatch, proxy: FaultProxy
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", "of-somebody-else")
    with HybridIndex.open(name_alone(filled), client=client) as index:
        assert index.count() == 40
    assert not any("authorization" in request.headers for request in proxy.requests)


def test_its_requests_are_tried_again_and_end_in_time(
    filled: Place, client: Any, proxy: FaultProxy
) -> None:
    with HybridIndex.open(name_alone(filled), client=client, connection={"timeout": 5}) as index:
        for fault in (times(3, status(503)), once(html(502)), times(2, status(429))):
            proxy.fault = fault
            assert index.count() == 40
    with HybridIndex.open(name_alone(filled), client=client, connection={"timeout": 0.5}) as index:
        proxy.fault = lambda exchange: exchange.hold()
        with pytest.raises(DeadlineError, match=r"within 0\.5 s"):
            index.count()
