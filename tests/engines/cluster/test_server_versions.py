"""Servers say what they are, some say less, and those that are not supported are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from cluster_places import Ask, Place
from servers.fault_proxy import (
    ELASTICSEARCH,
    Exchange,
    Fault,
    FaultProxy,
    fault_proxy,
    on,
    rewriting,
    status,
)
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.server import Server, ask_server
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.elasticsearch.dialect import Elasticsearch
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.errors import EngineError, NotAuthenticatedError, UnsupportedServerError

CLOSED = HttpReply(403, {"error": {"type": "security_exception", "reason": "not allowed"}})
BASIC = HttpReply(200, {"license": {"type": "basic"}})
NO_LICENCE = HttpReply(400, {"error": "no handler found for uri [/_license]"})


def root(number: str, distribution: str | None = None) -> HttpReply:
    version = {"number": number, **({"distribution": distribution} if distribution else {})}
    return HttpReply(200, {"name": "n", "version": version, "tagline": "t"})


def nodes(*versions: str, modules: tuple[str, ...] = ()) -> HttpReply:
    made = {
        str(n): {"version": version, "plugins": [], "modules": [{"name": m} for m in modules]}
        for n, version in enumerate(versions)
    }
    return HttpReply(200, {"nodes": made} if made else {})


def server(**replies: HttpReply) -> Server:
    """What is understood of a server that answers so."""
    answers: Mapping[str, HttpReply] = {
        "/": replies.get("root", CLOSED),
        "/_nodes/plugins": replies.get("nodes", CLOSED),
        "/_license": replies.get("licence", NO_LICENCE),
    }
    asking = ask_server("elasticsearch://host/books")
    request: HttpRequest = next(asking)
    try:
        while True:
            request = asking.send(answers[request.path])
    except StopIteration as end:
        found: Server = end.value
        return found


@pytest.mark.parametrize(
    ("replies", "expected"),
    [
        ({"root": root("9.2.0"), "licence": BASIC}, "Elasticsearch 9.2.0, basic licence"),
        ({"root": root("8.19.21")}, "Elasticsearch 8.19.21"),
        ({"root": root("9.1.0-SNAPSHOT")}, "Elasticsearch 9.1.0"),
        ({"root": root("3.5.0", "opensearch")}, "OpenSearch 3.5.0"),
        ({"nodes": nodes("9.2.0"), "licence": BASIC}, "Elasticsearch 9.2.0, basic licence"),
        ({"nodes": nodes("9.2.0", modules=("x-pack-core",))}, "Elasticsearch 9.2.0"),
        ({"nodes": nodes("3.5.0", modules=("opensearch-knn",))}, "OpenSearch 3.5.0"),
        ({"root": root("9.2.0"), "nodes": nodes("9.2.0", "8.19.5")}, "Elasticsearch 8.19.5"),
        ({"nodes": nodes("9.2.0")}, "unknown 9.2.0"),
    ],
)
def test_a_server_is_what_it_says_where_it_says_it(replies: Any, expected: str) -> None:
    assert str(server(**replies)) == expected


def test_modules_are_those_that_every_node_has() -> None:
    both = nodes("3.5.0", "3.5.0", modules=("a", "b"))
    both.body["nodes"]["1"]["modules"] = [{"name": "b"}]
    assert server(root=root("3.5.0", "opensearch"), nodes=both).modules == {"b"}


def test_a_server_that_says_nothing_is_not_guessed_at() -> None:
    with pytest.raises(UnsupportedServerError, match=r"which version.*privilege 'monitor'"):
        server()


def test_credentials_that_are_not_known_are_told_first() -> None:
    with pytest.raises(NotAuthenticatedError, match="HYBRIDSEARCH_API_KEY"):
        server(root=HttpReply(401, None))


def test_a_page_is_not_a_server() -> None:
    with pytest.raises(EngineError, match="is there a proxy or another program at"):
        server(root=HttpReply(200, "<html>"))


SUPPORTED: tuple[tuple[Dialect, str, str], ...] = (
    (Elasticsearch(), "Elasticsearch", "8.19.0 9.0.0 9.99.1"),
    (OpenSearch(), "OpenSearch", "2.19.1 3.0.0 3.99.0"),
)
UNSUPPORTED: tuple[tuple[Dialect, str, str], ...] = (
    (Elasticsearch(), "Elasticsearch", "7.17.29 8.18.8 10.0.0"),
    (OpenSearch(), "OpenSearch", "1.3.20 2.18.0 4.0.0 7.10.2"),
    (Elasticsearch(), "vespa", "9.2.0"),
    (OpenSearch(), "unknown", "3.5.0"),
)


def numbers(text: str) -> tuple[int, ...]:
    return tuple(map(int, text.split(".")))


@pytest.mark.parametrize(("dialect", "product", "versions"), SUPPORTED)
def test_supported_versions_are_welcome(dialect: Dialect, product: str, versions: str) -> None:
    for version in versions.split():
        dialect.check(Server(product, numbers(version)))


@pytest.mark.parametrize(("dialect", "product", "versions"), UNSUPPORTED)
def test_other_servers_are_told_with_what_is_supported(
    dialect: Dialect, product: str, versions: str
) -> None:
    for version in versions.split():
        with pytest.raises(UnsupportedServerError, match=f"{product} {version}") as told:
            dialect.check(Server(product, numbers(version)))
        assert "supported are" in str(told.value) or "write elasticsearch" in str(told.value)


def at_root(fault: Fault) -> Fault:
    def only(exchange: Exchange) -> None:
        if exchange.request.path == "/":
            fault(exchange)
        else:
            exchange.send(exchange.pass_on())

    return only


def numbered(number: str) -> Fault:
    def older(body: Any) -> Any:
        body["version"]["number"] = number
        return body

    return at_root(rewriting(older))


def test_an_old_server_is_told_by_opening(filled: Place, proxy: FaultProxy, asked: Ask) -> None:
    proxy.fault = numbered("1.2.3")
    with pytest.raises(UnsupportedServerError, match=r"1\.2\.3.*supported are"):
        asked(filled.through(proxy.url), "count")


@pytest.mark.parametrize("code", [403, 405])
def test_a_closed_root_is_no_hindrance(
    filled: Place, proxy: FaultProxy, asked: Ask, code: int
) -> None:
    proxy.fault = at_root(status(code))
    assert asked(filled.through(proxy.url), "count") == 40


def test_a_server_that_says_another_product_in_its_headers_is_judged_by_what_it_tells(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    """A proxy may take the header away by which the official client knows Elasticsearch."""

    def headless(exchange: Exchange) -> None:
        reply = exchange.pass_on()
        kept = {n: v for n, v in reply.headers.items() if n not in ELASTICSEARCH or n[0] == "c"}
        exchange.send(type(reply)(reply.status, reply.body, kept))

    proxy.fault = headless
    assert asked(filled.through(proxy.url), "count") == 40


def test_opensearch_without_its_knn_plugin_is_told(server_url: ServerUrl) -> None:
    def without(body: Any) -> Any:
        for node in body["nodes"].values():
            node["plugins"] = []
        return body

    with fault_proxy(server_url("opensearch")) as proxy:
        proxy.fault = on("/_nodes/plugins", rewriting(without))
        place = Place("opensearch", proxy.url)
        with pytest.raises(UnsupportedServerError, match=r"lacks the plugin opensearch-knn"):
            HybridIndex.open(place.target)


def test_the_other_product_is_told_with_the_scheme_to_write(
    product: str, server_url: ServerUrl, asked: Ask
) -> None:
    other = "opensearch" if product == "elasticsearch" else "elasticsearch"
    place = Place(product, server_url(other))
    with pytest.raises(UnsupportedServerError, match=f"write {other}:// in place of {product}://"):
        asked(place.target, "count")
