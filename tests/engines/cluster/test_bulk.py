"""What becomes of each document of a bulk request: stored, tried again, set aside, or an error."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cluster_places import QUERY, Ask, Place, documents
from servers.fault_proxy import (
    JSON,
    Exchange,
    Fault,
    FaultProxy,
    Reply,
    on,
    once,
    rewriting,
    status,
    times,
    too_large,
)
from vectors import random_units

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster import pace
from hybridsearch.errors import EngineError, ForbiddenError, UnavailableError, WritesHeldError

TOO_MANY = {"type": "es_rejected_execution_exception", "reason": "the queue is full"}


# So that `refusing` can read it.
IN_JSON = {"binary": False}


def refusing(ids: set[str], status: int, error: Any) -> Fault:
    """These documents do not reach the server, and are answered with this error."""

    def fault(exchange: Exchange) -> None:
        lines = exchange.request.body.splitlines()
        pairs = list(zip(lines[::2], lines[1::2], strict=True))
        asked = [json.loads(action)["index"]["_id"] for action, _ in pairs]
        kept = [pair for id, pair in zip(asked, pairs, strict=True) if id not in ids]
        stored: Any = iter(())
        if kept:
            body = b"".join(line + b"\n" for pair in kept for line in pair)
            passed = replace(exchange, request=replace(exchange.request, body=body))
            stored = iter(json.loads(passed.pass_on().body)["items"])
        items = [
            {"index": {"_id": id, "status": status, "error": error}} if id in ids else next(stored)
            for id in asked
        ]
        body = json.dumps({"errors": True, "items": items}).encode()
        exchange.send(Reply(200, body, {**JSON, "x-elastic-product": "Elasticsearch"}))

    return fault


def reset_after_passing_on(exchange: Exchange) -> None:
    exchange.pass_on()
    exchange.reset()


def status_after_passing_on(exchange: Exchange) -> None:
    exchange.pass_on()
    status(504)(exchange)


def letters(path: str) -> list[Any]:
    return [json.loads(line) for line in Path(path).read_text().splitlines()]


def test_documents_that_found_no_room_are_sent_again_alone(
    place: Place, proxy: FaultProxy, asked: Ask
) -> None:
    place.make([])
    proxy.fault = on("_bulk", once(refusing({"d001", "d003"}, 429, TOO_MANY)))
    report = asked(place.through(proxy.url), "add", documents(5), connection=IN_JSON)
    assert (report.indexed, report.failed, report.replaced) == (5, 0, 0)
    again = proxy.asked("_bulk")[1].body.splitlines()[::2]
    assert [json.loads(action)["index"]["_id"] for action in again] == ["d001", "d003"]
    assert asked(place.target, "count") == 5


def test_documents_that_never_find_room_are_an_error_and_not_dead_letters(
    place: Place, proxy: FaultProxy, asked: Ask, tmp_path: Path
) -> None:
    place.make([])
    proxy.fault = on("_bulk", refusing({"d001"}, 429, TOO_MANY))
    connection = {"write_timeout": 0.5, **IN_JSON}
    with pytest.raises(UnavailableError, match=r"429: .*the queue is full.*ask less at once"):
        asked(place.through(proxy.url), "add", documents(5), connection=connection)
    assert len(proxy.asked("_bulk")) > 1
    assert not list(tmp_path.glob("*.jsonl"))


def bulk_sizes(proxy: FaultProxy) -> list[int]:
    return [len(request.body) for request in proxy.asked("_bulk")]


def test_a_server_without_room_is_sent_less_after_a_pause(
    place: Place, proxy: FaultProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.make([])
    monkeypatch.setattr(pace, "LEAST_BYTES", 1_000)
    monkeypatch.setattr(pace, "BULK_BYTES", 20_000)
    proxy.fault = on("_bulk", times(3, status(429)))
    with HybridIndex.open(place.through(proxy.url)) as index:
        report = index.add(documents(300))
        assert (report.indexed, report.failed, report.exact) == (300, 0, True)
        assert index.count() == 300
    sizes = bulk_sizes(proxy)
    assert sizes[0] > 15_000
    assert max(sizes[3:6]) < 4_000, "the size is halved by each refusal"
    assert sizes[3] < max(sizes[4:]), "it grows again where requests are taken"


def test_a_server_that_asks_for_more_time_than_there_is_is_not_asked_again(
    place: Place, proxy: FaultProxy
) -> None:
    place.make([])
    proxy.fault = on("_bulk", status(429, Retry_After="30"))
    with (
        HybridIndex.open(place.through(proxy.url), connection={"write_timeout": 1.0}) as index,
        pytest.raises(UnavailableError, match="told to be 429"),
    ):
        index.add(documents(3))
    # The client of OpenSearch does not hand on the headers of a refusal.
    assert (len(bulk_sizes(proxy)) == 1) == (place.product == "elasticsearch")


@pytest.mark.parametrize("lost", [reset_after_passing_on, status_after_passing_on])
def test_documents_whose_answer_was_lost_are_sent_again_and_not_told_as_replaced_for_sure(
    place: Place, proxy: FaultProxy, asked: Ask, lost: Fault
) -> None:
    place.make(documents(2))
    proxy.fault = on("_bulk", once(lost))
    report = asked(place.through(proxy.url), "add", documents(10))
    assert (report.indexed, report.exact) == (10, False)
    assert 2 <= report.replaced <= 10
    assert asked(place.target, "count") == 10
    again = asked(place.target, "add", documents(10))
    assert (again.indexed, again.replaced, again.exact) == (10, 10, True)


def test_a_document_that_the_server_refuses_is_set_aside_with_the_reason(
    place: Place, proxy: FaultProxy, asked: Ask
) -> None:
    place.make([])
    cause = {"type": "illegal_argument_exception", "reason": "a number is wanted"}
    error = {"type": "document_parsing_exception", "reason": "[year] is odd", "caused_by": cause}
    proxy.fault = on("_bulk", refusing({"d002"}, 400, error))
    report = asked(place.through(proxy.url), "add", documents(4), connection=IN_JSON)
    assert (report.indexed, report.failed) == (3, 1)
    (letter,) = letters(report.dead_letters)
    assert letter["id"] == letter["document"]["id"] == "d002"
    assert "[year] is odd" in letter["reason"]
    assert "a number is wanted" in letter["reason"]
    assert len(letter["document"]["dense"]) == 8
    assert asked(place.target, "get", "d002") is None


def test_what_the_server_itself_cannot_index_is_set_aside(place: Place, asked: Ask) -> None:
    place.make([])
    place.ask("PUT", "/_settings", {"index.mapping.nested_objects.limit": 2})
    many = {"id": "many", "title": "word", "dense": random_units(3)}
    report = asked(place.target, "add", [*documents(3), many])
    assert (report.indexed, report.failed) == (3, 1)
    assert report.failures[0].id == "many"
    assert "nested documents" in report.failures[0].reason
    assert asked(place.target, "count") == 3


def test_an_index_that_may_not_be_written_is_an_error(place: Place, asked: Ask) -> None:
    place.make([])
    place.ask("PUT", "/_settings", {"index.blocks.read_only": True})
    try:
        with pytest.raises(EngineError, match=r"blocked.*take the block away"):
            asked(place.target, "add", documents(3))
    finally:
        place.ask("PUT", "/_settings", {"index.blocks.read_only": None})


def test_writes_that_are_held_for_longer_than_there_is_time_are_an_error(
    place: Place, asked: Ask
) -> None:
    place.make([])
    place.ask("PUT", "/_settings", {"index.blocks.write": True})
    with pytest.raises(WritesHeldError, match=r"are held.*allow them again"):
        asked(place.target, "add", documents(3), connection={"write_timeout": 1.0})


def test_writes_that_are_held_for_a_moment_wait_for_its_end(place: Place, asked: Ask) -> None:
    place.make([])
    place.ask("PUT", "/_settings", {"index.blocks.write": True})
    allow = threading.Timer(1.0, place.ask, ("PUT", "/_settings", {"index.blocks.write": None}))
    allow.start()
    report = asked(place.target, "add", documents(3))
    allow.join()
    assert (report.indexed, report.failed) == (3, 0)


def test_a_user_who_may_not_write_is_told(place: Place, proxy: FaultProxy, asked: Ask) -> None:
    place.make([])
    error = {"type": "security_exception", "reason": "action [indices:data/write] is unauthorized"}
    proxy.fault = on("_bulk", refusing({"d000", "d001"}, 403, error))
    with pytest.raises(ForbiddenError, match=r"unauthorized.*write to add"):
        asked(place.through(proxy.url), "add", documents(2), connection=IN_JSON)


def test_a_request_that_is_too_large_is_sent_in_halves(
    place: Place, proxy: FaultProxy, asked: Ask
) -> None:
    place.make([])
    proxy.fault = on("_bulk", too_large(1_500))
    huge = {"id": "huge", "title": "word " * 1_000, "dense": QUERY}
    report = asked(place.through(proxy.url), "add", [*documents(8), huge])
    assert (report.indexed, report.failed) == (8, 1)
    (letter,) = letters(report.dead_letters)
    assert letter["id"] == "huge"
    assert "too large" in letter["reason"]
    sizes = bulk_sizes(proxy)
    assert len(sizes) > 4
    refused = next(at for at, size in enumerate(sizes) if size <= 1_500)
    assert all(size <= 1_500 or size > 5_000 for size in sizes[refused:]), "it was remembered"


@pytest.mark.parametrize("change", [lambda _: {}, lambda body: {"items": body["items"][:1]}])
def test_a_reply_that_does_not_answer_for_every_document_is_told(
    place: Place, proxy: FaultProxy, asked: Ask, change: Callable[[Any], Any]
) -> None:
    place.make([])
    proxy.fault = on("_bulk", rewriting(change))
    with pytest.raises(EngineError, match="is there a proxy at this address"):
        asked(place.through(proxy.url), "add", documents(3))
