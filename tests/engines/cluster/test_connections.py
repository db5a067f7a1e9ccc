"""Nodes, prefixes, compression and time, as a target and the connection's settings say them."""

from __future__ import annotations

import gzip
import json
from dataclasses import replace
from typing import Any

import pytest
from cluster_places import QUERY, Ask, Place, documents
from servers.fault_proxy import Exchange, FaultProxy, on, pass_through, silent, slow

from hybridsearch.errors import ConfigurationError, DeadlineError, UnavailableError


def test_a_dead_node_among_several_is_passed_over(
    filled: Place, proxy: FaultProxy, asked: Ask, unused: int
) -> None:
    live = proxy.url.removeprefix("http://")
    target = f"{filled.product}://127.0.0.1:{unused},{live}/{filled.name}"
    for _ in range(4):
        assert asked(target, "count", connection={"timeout": 20}) == 40


def test_no_live_node_is_told_with_all_of_them(product: str, asked: Ask, unused: int) -> None:
    target = f"{product}://127.0.0.1:{unused},localhost:{unused}/books"
    with pytest.raises(UnavailableError, match=rf"127.0.0.1:{unused},localhost:{unused}"):
        asked(target, "count", connection={"timeout": 0.5})


def test_a_cluster_may_lie_behind_a_prefix(filled: Place, proxy: FaultProxy, asked: Ask) -> None:
    def behind(exchange: Exchange) -> None:
        assert exchange.request.path.startswith("/search/engine/")
        path = exchange.request.path.removeprefix("/search/engine")
        pass_through(replace(exchange, request=replace(exchange.request, path=path)))

    proxy.fault = behind
    target = filled.through(f"{proxy.url}/search/engine")
    assert asked(target, "count") == 40
    assert asked(target, "search", "word", vector=QUERY).hits


def test_requests_travel_packed_where_asked(place: Place, proxy: FaultProxy, asked: Ask) -> None:
    place.make([])
    connection = {"compress": True, "binary": False}
    target = place.through(proxy.url)
    assert asked(target, "add", documents(5), connection=connection).indexed == 5
    assert asked(target, "search", "word", vector=QUERY, connection=connection).hits
    (bulk,) = proxy.asked("_bulk")
    assert bulk.headers["content-encoding"] == "gzip"
    assert json.loads(gzip.decompress(bulk.body).splitlines()[0]) == {"index": {"_id": "d000"}}


def test_writing_has_a_time_of_its_own(place: Place, proxy: FaultProxy, asked: Ask) -> None:
    place.make([])
    proxy.fault = on("_bulk", slow(1.0))
    target = place.through(proxy.url)
    patient = {"timeout": 0.5, "write_timeout": 20.0}
    assert asked(target, "add", documents(2), connection=patient).indexed == 2
    hasty = {"timeout": 20.0, "write_timeout": 0.5}
    with pytest.raises(DeadlineError, match=r"within 0\.5 s"):
        asked(target, "add", documents(2), connection=hasty)


def test_time_comes_from_the_environment_too(
    filled: Place, proxy: FaultProxy, asked: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_TIMEOUT", "0.4")
    proxy.fault = silent
    with pytest.raises(DeadlineError, match=r"within 0\.4 s"):
        asked(filled.through(proxy.url), "count")


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("//host:9200", "is not a target: write"),
        ("//host:9200/", "is not a target"),
        ("///books", "is not a target: write"),
        ("host/books", "is not a target: write"),
        ("//host/Books", "cannot be an index's name"),
        ("//host/_books", "cannot be an index's name"),
        ("//host/a,b", "cannot be an index's name"),
        ("//host/a*", "cannot be an index's name"),
        ("//host:port/books", "host:port"),
        ("//host:99999/books", "99999"),
    ],
)
def test_what_is_no_address_of_an_index_is_told(
    product: str, asked: Ask, location: str, message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        asked(f"{product}:{location}", "count", connection={"timeout": 0.5})


@pytest.mark.parametrize(
    ("setting", "value"),
    [("timeout", 0), ("timeout", "soon"), ("connections", 0), ("write_timeout", float("inf"))],
)
def test_settings_that_cannot_be_are_told(
    filled: Place, asked: Ask, setting: str, value: Any
) -> None:
    with pytest.raises(ConfigurationError, match=f"connection settings: {setting}"):
        asked(filled.target, "count", connection={setting: value})
