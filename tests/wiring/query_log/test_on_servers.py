"""The query log in an index of a server: made with its fields, filled, and never in the way."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import orjson
import pytest
from cluster_places import Place, a_shard_failed
from servers.ask import RefusedError, ask
from servers.fault_proxy import FaultProxy, fault_proxy, on, rewriting, silent, status
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.cluster.log_index import PROPERTIES, log_body
from hybridsearch.errors import (
    ConfigurationError,
    DeadlineError,
    EngineError,
    NotAuthenticatedError,
    PartialResultsError,
    QueryError,
    UnavailableError,
)

SERVERS = ("elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
SCHEMA = Schema(text=["title"], dense={})


@pytest.fixture
def books(tmp_path: Path) -> str:
    target = f"embedded:{tmp_path / 'books'}"
    with HybridIndex.create(target, schema=SCHEMA, encoder=None) as index:
        index.add([{"id": "a", "title": "moby dick whale"}, {"id": "b", "title": "whale"}])
    return target


class Log:
    """An index for a log on a server, by its own address."""

    def __init__(self, server: str, url: str) -> None:
        self.product = server.removesuffix("-8").removesuffix("-2")
        self.name = f"log-{uuid.uuid4().hex}"
        self.url = f"{url}/{self.name}"

    def through(self, url: str) -> str:
        return f"{self.product}:{url.removeprefix('http:')}/{self.name}"

    @property
    def target(self) -> str:
        return self.through(self.url.rpartition("/")[0])

    def records(self) -> list[dict[str, Any]]:
        ask("POST", f"{self.url}/_refresh")
        hits = ask("POST", f"{self.url}/_search", {"size": 100, "sort": ["timestamp"]})["hits"]
        return [hit["_source"] for hit in hits["hits"]]


@pytest.fixture(params=SERVERS)
def log(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[Log]:
    made = Log(request.param, server_url(request.param))
    yield made
    with suppress(RefusedError):
        ask("DELETE", made.url)


@pytest.fixture
def proxy(log: Log) -> Iterator[FaultProxy]:
    with fault_proxy(log.url.rpartition("/")[0]) as made:
        yield made


def test_the_index_is_made_with_its_fields_and_filled(log: Log, books: str) -> None:
    with HybridIndex.open(books, query_log=log.target) as index:
        index.search("whale", query_id="q1", client_id="c1")
        index.search_many(["dick", "nothing"])
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (3, 0)
    (mapping,) = ask("GET", f"{log.url}/_mapping").values()
    assert mapping["mappings"]["properties"].keys() == PROPERTIES.keys()
    first, *_ = records = log.records()
    assert [record["user_query"] for record in records] == ["whale", "dick", "nothing"]
    assert (first["query_id"], first["client_id"]) == ("q1", "c1")
    assert first["query_attributes"]["hits"][0]["id"] == "b"
    found = ask("POST", f"{log.url}/_count", {"query": {"term": {"query_id": "q1"}}})
    assert found["count"] == 1


def test_an_alias_with_an_index_of_the_operators_is_filled(log: Log, books: str) -> None:
    own = f"{log.url}-000001"
    ask("PUT", own, {"aliases": {log.name: {"is_write_index": True}}})
    try:
        for _ in range(2):
            with HybridIndex.open(books, query_log=log.target) as index:
                index.search("whale")
        assert len(log.records()) == 2
    finally:
        ask("DELETE", own)


def test_a_server_that_loses_a_reply_gets_each_record_once(
    log: Log, books: str, proxy: FaultProxy
) -> None:
    def written_and_lost(exchange: Any) -> None:
        exchange.pass_on()
        proxy.fault = lambda again: again.send(again.pass_on())
        exchange.reset()

    proxy.fault = on("/_bulk", written_and_lost)
    with HybridIndex.open(books, query_log=log.through(proxy.url)) as index:
        index.search("whale")
    assert len(proxy.asked("/_bulk")) == 2
    assert len(log.records()) == 1
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (1, 0)


def test_a_log_that_refuses_costs_records_and_no_search(
    log: Log, books: str, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault = status(403)
    with HybridIndex.open(books, query_log=log.through(proxy.url)) as index:
        for _ in range(3):
            assert index.search("whale").hits
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (0, 3)
    told = [record for record in caplog.records if record.name.startswith("hybridsearch")]
    assert [record.levelno for record in told] == [logging.WARNING]


def test_records_that_do_not_fit_are_counted(log: Log, books: str) -> None:
    ask("PUT", log.url, {"mappings": {"properties": {"user_query": {"type": "date"}}}})
    with HybridIndex.open(books, query_log=log.target) as index:
        index.search("whale")
        index.search("2020-01-01")
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (1, 1)


def test_searches_that_a_server_fails_are_recorded(log: Log, proxy: FaultProxy) -> None:
    place = Place(log.product, log.url.rpartition("/")[0])
    place.make()
    connection = {"username": "me", "password": "hushhush", "timeout": 2.0}
    faults: dict[type[EngineError], Any] = {
        DeadlineError: silent,
        UnavailableError: status(503),
        NotAuthenticatedError: status(401),
        PartialResultsError: rewriting(a_shard_failed),
    }
    raised = {}
    try:
        with HybridIndex.open(
            place.through(proxy.url), connection=connection, query_log=log.target
        ) as index:
            index.search("word", query_id="answered")
            for error, fault in faults.items():
                proxy.fault = on("_msearch", fault)
                with pytest.raises(error) as told:
                    index.search("word", query_id=error.__name__)
                raised[error.__name__] = told.value
        assert index.query_log is not None
        assert (index.query_log.written, index.query_log.dropped) == (5, 0)
    finally:
        place.ask("DELETE")
    records = {record["query_id"]: record for record in log.records()}
    assert "hushhush" not in str(records)
    assert len(records.pop("answered")["query_response_hit_ids"]) == 10
    assert records.keys() == raised.keys()
    for name, record in records.items():
        own = record["query_attributes"]
        assert own["error"] == type(raised[name]).__name__
        assert own["error_message"] == str(raised[name])
        assert (own["k"], own["fusion"], own["index"]) == (10, "convex", str(index.target))
        assert "hit_count" not in own
    assert records["DeadlineError"]["query_attributes"]["took_ms"] > 1500
    query = {"query": {"query_string": {"query": "_exists_:query_attributes.error"}}}
    assert ask("POST", f"{log.url}/_count", query)["count"] == 4


def test_an_index_without_the_fields_of_errors_takes_them(log: Log, books: str) -> None:
    body = orjson.loads(orjson.dumps(log_body()))
    for name in ("error", "error_message"):
        del body["mappings"]["properties"]["query_attributes"]["properties"][name]
    ask("PUT", log.url, body)
    before = ask("GET", f"{log.url}/_mapping")

    def fail() -> None:
        with (
            HybridIndex.open(books, query_log=log.target) as index,
            pytest.raises(QueryError, match="k must be a whole number"),
        ):
            index.search("whale", k="ten")  # type: ignore[arg-type]
        assert index.query_log is not None
        assert (index.query_log.written, index.query_log.dropped) == (1, 0)

    def found() -> Any:
        query = {"query": {"term": {"query_attributes.error": "QueryError"}}}
        return ask("POST", f"{log.url}/_count", query)["count"]

    fail()
    (record,) = log.records()
    assert record["query_attributes"]["error"] == "QueryError"
    assert ask("GET", f"{log.url}/_mapping") == before
    assert found() == 0
    ask("PUT", f"{log.url}/_mapping", log_body()["mappings"])
    fail()
    assert len(log.records()) == 2
    assert found() == 1


@pytest.mark.parametrize("log", ["elasticsearch", "opensearch"], indirect=True)
def test_a_log_that_does_not_answer_is_left_alone(
    log: Log, books: str, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault = silent
    with HybridIndex.open(books, query_log=log.through(proxy.url)) as index:
        for _ in range(3):
            assert index.search("whale").hits
    assert index.query_log is not None
    assert index.query_log.dropped == 3
    assert not proxy.ending.is_set()  # the server is silent still, and nobody waits for it
    caplog.clear()  # what the thread says later is of no interest


def test_credentials_are_sent_to_the_index_s_own_nodes_only_and_never_told(
    log: Log, proxy: FaultProxy, caplog: pytest.LogCaptureFixture
) -> None:
    name = f"books-{uuid.uuid4().hex}"
    url = log.url.rpartition("/")[0]
    place = f"{log.product}:{url.removeprefix('http:')}/{name}"
    secret = {"username": "me", "password": "hushhush"}
    given: dict[str, Any] = {"schema": SCHEMA, "encoder": None, "connection": secret}
    try:
        with HybridIndex.create(place, query_log=log.through(proxy.url), **given) as index:
            index.add([{"id": "a", "title": "whale"}])
            index.search("whale")
        (record,) = log.records()
        assert "hushhush" not in str(record)
        assert not [asked for asked in proxy.requests if "authorization" in asked.headers]
        behind = place.replace(url.removeprefix("http:"), proxy.url.removeprefix("http:"))
        with HybridIndex.open(behind, connection=secret, query_log=log.through(proxy.url)) as index:
            index.search("whale")
        assert "authorization" in proxy.asked("/_bulk")[-1].headers
        assert "hushhush" not in caplog.text + str(index.query_log)
    finally:
        ask("DELETE", f"{url}/{name}")


def test_a_log_must_have_a_name(books: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is not a target"):
        HybridIndex.open(books, query_log="elasticsearch://localhost:9200")
    with pytest.raises(ConfigurationError, match="holds no credentials"):
        HybridIndex.open(books, query_log="elasticsearch://me:hush@localhost:9200/log")
