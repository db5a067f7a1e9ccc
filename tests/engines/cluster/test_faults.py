"""Whatever the server or the network does, a request ends in time: an answer, or what to do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from cluster_places import QUERY, Ask, Place
from servers.fault_proxy import (
    ELASTICSEARCH,
    Exchange,
    Fault,
    FaultProxy,
    Reply,
    for_seconds,
    half_a_body,
    html,
    once,
    reset,
    silent,
    slow,
    status,
    times,
)

from hybridsearch import HybridIndex
from hybridsearch.errors import (
    DeadlineError,
    EngineError,
    ForbiddenError,
    NotAuthenticatedError,
    RefusedError,
    UnavailableError,
)

SHORT = {"timeout": 0.6, "write_timeout": 0.6}
LONG = {"timeout": 15.0, "write_timeout": 15.0}


def broken(exchange: Exchange) -> None:
    exchange.send(Reply(200, b'{"took": 1, "hits"', ELASTICSEARCH))


# The last of several attempts may have a moment only.
CUT_OFF = r"did not answer within 0\.6 s"
LASTING: dict[str, tuple[Fault, type[EngineError], str]] = {
    "silence": (silent, DeadlineError, r"did not answer within 0\.6 s.*give it more time"),
    "too slow": (slow(3.0), DeadlineError, r"did not answer within 0\.6 s.*give it more time"),
    "half a body": (
        half_a_body,
        UnavailableError,
        rf"cannot be reached.*look at the address|{CUT_OFF}",
    ),
    "resets": (reset, UnavailableError, rf"cannot be reached.*look at the address|{CUT_OFF}"),
    "broken JSON": (broken, EngineError, "something that is not JSON"),
    "a page": (html(200), EngineError, "is there a proxy or another program at"),
    "a page of 502": (html(502), UnavailableError, rf"502.*give it more time|{CUT_OFF}"),
    "503": (status(503), UnavailableError, rf"503: .*told to be 503.*give it more time|{CUT_OFF}"),
    "429": (status(429), UnavailableError, rf"429: .*ask less at once|{CUT_OFF}"),
    "401": (status(401), NotAuthenticatedError, "HYBRIDSEARCH_API_KEY"),
    "403": (status(403), ForbiddenError, "give this user the privileges"),
    "500": (status(500), RefusedError, "told to be 500"),
}
PASSING: dict[str, Callable[[], Fault]] = {
    "half a body": lambda: times(2, half_a_body),
    "a reset": lambda: once(reset),
    "a page of 502": lambda: times(2, html(502)),
    "429": lambda: times(2, status(429)),
    "429 with Retry-After": lambda: once(status(429, Retry_After="1")),
    "504": lambda: once(status(504)),
    "a slow answer": lambda: once(slow(1.0)),
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_search_ends_in_time_and_says_what_to_do(
    filled: Place, proxy: FaultProxy, asked: Ask, fault: str
) -> None:
    lasting, error, message = LASTING[fault]
    target = filled.through(proxy.url)

    def begin() -> None:
        proxy.fault = lasting

    with pytest.raises(error, match=message):
        asked(target, "search", "word", vector=QUERY, connection=SHORT, then=begin)


@pytest.mark.parametrize(
    "fault", ["silence", "half a body", "a page", "a page of 502", "503", "401", "403", "500"]
)
def test_opening_ends_in_time_and_says_what_to_do(
    filled: Place, proxy: FaultProxy, asked: Ask, fault: str
) -> None:
    proxy.fault, error, message = LASTING[fault]
    if fault == "403":  # who may not ask for a version may still be told the reason
        message = "does not say which version.*privilege 'monitor'"
        error = EngineError
    with pytest.raises(error, match=message):
        asked(filled.through(proxy.url), "count", connection=SHORT)


@pytest.mark.parametrize("fault", ["silence", "resets", "503", "a page", "401", "403"])
def test_adding_ends_in_time_and_says_what_to_do(
    filled: Place, proxy: FaultProxy, asked: Ask, fault: str
) -> None:
    lasting, error, message = LASTING[fault]

    def begin() -> None:
        proxy.fault = lasting

    given = [{"id": "new", "title": "never stored", "dense": QUERY}]
    with pytest.raises(error, match=message):
        asked(filled.through(proxy.url), "add", given, connection=SHORT, then=begin)
    assert asked(filled.target, "get", "new") is None


@pytest.mark.parametrize("then", [reset, silent])
def test_a_refusal_says_more_than_the_silence_after_it(
    filled: Place, proxy: FaultProxy, asked: Ask, then: Fault
) -> None:
    faults = iter([status(503)])

    def refuse_then_fall_silent(exchange: Exchange) -> None:
        next(faults, then)(exchange)

    def begin() -> None:
        proxy.fault = refuse_then_fall_silent

    with pytest.raises(UnavailableError, match=r"503: .*told to be 503"):
        asked(filled.through(proxy.url), "count", connection=SHORT, then=begin)


@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_waited_for(
    filled: Place, proxy: FaultProxy, asked: Ask, fault: str
) -> None:
    def begin() -> None:
        proxy.fault = PASSING[fault]()

    direct = asked(filled.target, "search", "word", vector=QUERY)
    found = asked(
        filled.through(proxy.url), "search", "word", vector=QUERY, connection=LONG, then=begin
    )
    assert found.hits == direct.hits
    assert found.warnings == ()


def test_some_seconds_of_503_are_waited_for(filled: Place, proxy: FaultProxy, asked: Ask) -> None:
    proxy.fault = for_seconds(2.0, status(503))
    assert asked(filled.through(proxy.url), "count", connection=LONG) == 40


@pytest.mark.slow
@pytest.mark.parametrize("product", ["elasticsearch"], indirect=True, scope="module")
def test_twenty_seconds_of_503_are_waited_for_by_default(filled: Place, proxy: FaultProxy) -> None:
    proxy.fault = for_seconds(20.0, status(503))
    with HybridIndex.open(filled.through(proxy.url)) as index:
        assert index.count() == 40


def test_no_server_at_all_is_told_with_its_address(product: str, asked: Ask, unused: int) -> None:
    with pytest.raises(UnavailableError, match=rf"{unused}/books .*look at the address"):
        asked(f"{product}://127.0.0.1:{unused}/books", "count", connection=SHORT)


def test_making_an_index_ends_in_time(place: Place, proxy: FaultProxy, asked: Ask) -> None:
    proxy.fault = silent
    with pytest.raises(DeadlineError):
        asked(place.through(proxy.url), "create", connection=SHORT)
