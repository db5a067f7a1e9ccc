"""An index that a cluster does not know yet, since it has just started, is not taken for gone."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import Any

import pytest
from cluster_flows import index_on
from servers.ask import RefusedError, ask
from servers.fixtures import had
from servers.process import COMPILED_ONCE, Server, without_its_state

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster.presence import check_present
from hybridsearch.engines.cluster.recovery import once_recovered
from hybridsearch.engines.cluster.versions import Versions, read_versions
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Pause
from hybridsearch.errors import EngineError, UnavailableError
from hybridsearch.wiring.rollout.place import place_at
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted

NOT_FOUND = HttpReply(404, {"error": {"type": "index_not_found_exception", "reason": "no x"}})
FOUND = HttpReply(200, {"x": {}})
MAPPING = HttpRequest("GET", "/x/_mapping", writes=True, seconds=7.0)


def flow(*steps: Any) -> Generator[Any, Any, list[Any]]:
    replies = []
    for step in steps:
        try:
            replies.append((yield step))
        except EngineError as error:
            replies.append(error)
    return replies


def driven(steps: list[Any], replies: list[Any]) -> tuple[list[Any], list[Any]]:
    """What was asked, and what the flow was told."""
    given, asked = once_recovered(flow(*steps)), []
    waiting = iter(replies)
    step = next(given)
    try:
        while True:
            asked.append(step)
            reply = next(waiting)
            step = given.throw(reply) if isinstance(reply, Exception) else given.send(reply)
    except StopIteration as end:
        return asked, end.value


def test_what_was_not_known_is_asked_again_once_a_search_is_answered() -> None:
    asked, told = driven([MAPPING, Pause(1.0)], [NOT_FOUND, HttpReply(200, {}), FOUND, None])
    assert told == [FOUND, None]
    assert [asked[0], asked[2], asked[3]] == [MAPPING, MAPPING, Pause(1.0)]
    search = asked[1]
    assert (search.path, search.writes, search.seconds) == ("/x/_search", True, 7.0)


@pytest.mark.parametrize("search", [NOT_FOUND, HttpReply(403, {})], ids=["gone", "may not search"])
def test_what_a_search_does_not_find_is_gone(search: HttpReply) -> None:
    asked, told = driven([MAPPING], [NOT_FOUND, search])
    assert (len(asked), told) == (2, [NOT_FOUND])


def test_a_cluster_that_does_not_come_to_know_is_unavailable() -> None:
    blocked = HttpReply(503, {"error": {"type": "cluster_block_exception"}})
    assert driven([MAPPING], [NOT_FOUND, blocked])[1] == [blocked]


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        (HttpRequest("POST", "/x/_search"), NOT_FOUND),
        (HttpRequest("POST", "/_aliases", writes=True), NOT_FOUND),
        (MAPPING, HttpReply(404, {"error": "alias [x] missing"})),
        (MAPPING, HttpReply(404, "<html>")),
        (MAPPING, FOUND),
    ],
)
def test_other_replies_are_passed_on(step: HttpRequest, reply: HttpReply) -> None:
    assert driven([step], [reply]) == ([step], [reply])


def test_errors_reach_the_flow() -> None:
    first, second = EngineError("first"), EngineError("second")
    assert driven([MAPPING, MAPPING], [first, NOT_FOUND, second])[1] == [first, second]


@pytest.mark.parametrize("search", [NOT_FOUND, HttpReply(403, {})], ids=["gone", "may not search"])
def test_a_name_that_a_search_does_not_find_has_no_versions(search: HttpReply) -> None:
    flow = read_versions("x", "elasticsearch:x")
    next(flow)
    assert flow.send(HttpReply(200, {})).path == "/x/_search"
    with pytest.raises(StopIteration) as end:
        flow.send(search)
    assert end.value.value == Versions("x", None, (), alias=True)


@pytest.fixture(params=["elasticsearch", "opensearch"])
def starting(request: pytest.FixtureRequest) -> Iterator[tuple[str, Server]]:
    """A server that answers, and waits for another node before it recovers its state."""
    with had(without_its_state(request.param, COMPILED_ONCE)) as server:
        yield request.param, server


@pytest.mark.slow
def test_a_server_without_its_state_is_waited_for(starting: tuple[str, Server]) -> None:
    product, server = starting
    with pytest.raises(RefusedError, match="404"):
        ask("GET", f"{server.url}/books/_mapping")
    target = f"{product}:{server.url.removeprefix('http:')}/books"

    def go_on_writing(connection: dict[str, Any]) -> None:
        with place_at(target, connection) as place:
            place.ask(check_present(replace(index_on(product), name="books", target=target)))

    for act in (
        go_on_writing,
        lambda **given: HybridIndex.open(target, **given),
        lambda **given: roll_out(target, Wanted(), **given),
    ):
        # Of the requests that come before, some are held by a server until it knows.
        with pytest.raises(UnavailableError, match=r"state not recovered|did not answer"):
            act(connection={"timeout": 2.0, "write_timeout": 2.0})
