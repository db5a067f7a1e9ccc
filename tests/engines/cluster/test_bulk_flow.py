"""The flow of bulk requests alone: what is sent after which reply, and what it is taken for."""

from __future__ import annotations

from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import orjson
import pytest
from cluster_flows import index_on, present

import hybridsearch.engines.cluster.bulk as bulk_module
import hybridsearch.engines.cluster.pace as pace_module
from hybridsearch.engines.cluster.bulk import Settled, bulk
from hybridsearch.engines.cluster.notation import JSON
from hybridsearch.engines.cluster.wire import (
    LOST,
    ConnectionLostError,
    HttpReply,
    HttpRequest,
    Pause,
)
from hybridsearch.errors import EngineError, IndexNotFoundError, UnavailableError

LINES = JSON.lines([[{"index": {"_id": f"{position}" * 100}}] for position in range(8)])


def started(patience: float = 100.0) -> tuple[Generator[Any, Any, Settled], Any]:
    index = index_on("elasticsearch")
    index.pace.patience = patience
    flow = bulk(iter(LINES), index, "to store documents")
    return flow, next(flow)


def answered(*statuses: int) -> HttpReply:
    items: list[Any] = [
        {"index": {"status": status}}
        if status < 300
        else {"index": {"status": status, "error": {"type": "told", "reason": f"{status}"}}}
        for status in statuses
    ]
    return HttpReply(200, {"items": items})


def sent(request: Any) -> list[int]:
    assert isinstance(request, HttpRequest)
    assert request.body is not None
    return [int(orjson.loads(line)["index"]["_id"][0]) for line in request.body.split()]


def end(flow: Generator[Any, Any, Settled], reply: HttpReply) -> Settled:
    with pytest.raises(StopIteration) as stopped:
        flow.send(reply)
    settled: Settled = stopped.value.value
    return settled


def test_the_time_that_a_server_asks_for_is_waited() -> None:
    flow, _ = started()
    waiting = flow.send(HttpReply(429, {}, retry_after=70.0))
    assert waiting == Pause(70.0)


def test_items_without_room_are_sent_again_alone_and_a_refused_one_is_not() -> None:
    flow, first = started()
    assert sent(first) == list(range(8))
    waiting = flow.send(answered(201, 429, 400, 201, 503, 201, 201, 429))
    assert isinstance(waiting, Pause)
    again = flow.send(None)
    assert sent(again) == [1, 4, 7]
    settled = end(flow, answered(200, 200, 200))
    assert settled.failures == [(2, "told: 400")]
    assert sorted(settled.results) == [0, 1, 3, 4, 5, 6, 7]
    assert settled.doubtful == {4}, "429 says that nothing was done, 503 does not"


def test_a_lost_reply_leaves_all_its_items_in_doubt() -> None:
    flow, _ = started()
    assert isinstance(flow.send(HttpReply(LOST, ConnectionLostError("reset"))), Pause)
    assert sent(flow.send(None)) == list(range(8))
    assert end(flow, answered(*[201] * 8)).doubtful == set(range(8))


def test_without_progress_in_time_it_is_given_up() -> None:
    flow, _ = started(patience=0.5)
    assert isinstance(flow.send(answered(201, *[429] * 7)), Pause)

    def refuse_for_ever() -> None:
        while True:  # no pause is made here: a wait that would end too late is enough
            flow.send(answered(*[429] * len(sent(flow.send(None)))))

    with pytest.raises(UnavailableError, match="429"):
        refuse_for_ever()


def test_it_is_not_given_up_while_others_get_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that is up now and then may never be so when one of several requests comes."""
    now = 0.0
    for module in (bulk_module, pace_module):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: now))
    index = index_on("elasticsearch")
    unlucky, lucky = (bulk(iter(LINES), index, "to store documents") for _ in range(2))
    next(unlucky)
    next(lucky)
    now = 100.0
    assert isinstance(unlucky.send(answered(*[429] * 8)), Pause)
    end(lucky, answered(*[201] * 8))
    request = unlucky.send(None)
    assert request.seconds == index.pace.patience
    now = 200.0
    assert isinstance(unlucky.send(answered(*[429] * 8)), Pause)
    unlucky.send(None)
    now = 221.0
    with pytest.raises(UnavailableError, match="429"):
        unlucky.send(answered(*[429] * 8))


def test_a_request_that_is_too_large_is_halved_and_all_later_ones_are_smaller() -> None:
    flow, _ = started()
    size = sum(map(len, LINES))
    first = flow.send(HttpReply(413, ""))
    assert sent(first) == [0, 1, 2, 3]
    second = flow.send(answered(*[201] * 4))
    assert sent(second) == [4, 5, 6, 7]
    assert len(second.body) <= size // 2
    assert len(end(flow, answered(*[201] * 4)).results) == 8


@pytest.mark.parametrize(
    ("kind", "reason", "told"),
    [
        ("index_closed_exception", "closed", "is closed, and answers nothing: open it again"),
        (
            "illegal_argument_exception",
            "no write index is defined for alias [books]. The write index may be",
            "takes no documents",
        ),
        (
            "illegal_argument_exception",
            "only write ops with an op_type of create are allowed in data streams",
            "takes no documents",
        ),
    ],
)
def test_what_an_index_refuses_whatever_comes_is_not_the_fault_of_documents(
    kind: str, reason: str, told: str
) -> None:
    flow, _ = started()
    item = {"index": {"status": 400, "error": {"type": kind, "reason": reason}}}
    with pytest.raises(EngineError, match=told):
        flow.send(HttpReply(200, {"items": [item] * 8}))


def missed() -> HttpReply:
    error = {"type": "index_not_found_exception", "reason": "no such index"}
    item = {"index": {"status": 404, "error": error}}
    return HttpReply(200, {"items": [item] * 8})


def test_an_index_that_is_not_found_is_looked_for_before_it_is_gone() -> None:
    """A server that has just started may keep documents until it knows its indices, and say then
    that there was none when they came."""
    flow, _ = started()
    assert isinstance(flow.send(missed()), Pause)
    assert flow.send(None).path.endswith("/_mapping")
    found = HttpReply(200, present(index_on("elasticsearch")))
    assert sent(flow.send(found)) == list(range(8))
    assert len(end(flow, answered(*[201] * 8)).results) == 8


def test_an_index_that_is_looked_for_in_vain_is_gone() -> None:
    flow, _ = started()
    flow.send(missed())
    flow.send(None)
    with pytest.raises(IndexNotFoundError, match=r"deleted while it was open.*delete that"):
        flow.send(HttpReply(404, {"error": {"type": "index_not_found_exception"}}))


def test_an_index_that_is_there_and_yet_not_found_is_looked_for_once() -> None:
    flow, _ = started()
    flow.send(missed())
    flow.send(None)
    flow.send(HttpReply(200, present(index_on("elasticsearch"))))
    with pytest.raises(IndexNotFoundError, match="there is no index at"):
        flow.send(missed())
