"""Sending until an answer stands: what may pass is tried again, within the time of the request.

A lost connection and the statuses 429, 502, 503 and 504 may pass, also those of one search among
many. Every request of this package can be sent twice: searches change nothing, and documents are
written under their own ids.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_before_delay,
    wait_random_exponential,
)

from hybridsearch.engines.cluster.wire import (
    LOST,
    AsyncWire,
    ConnectionLostError,
    HttpReply,
    Pause,
    Step,
    Wire,
    WireTimeoutError,
)

TRANSIENT: Final = frozenset({429, 502, 503, 504})
_JITTER: Final[Callable[[RetryCallState], float]] = wait_random_exponential(multiplier=0.1, max=5.0)


def send(wire: Wire, step: Step, timeout: float) -> HttpReply | None:
    """The reply, None for a pause; raises WireError where none came within `timeout` seconds."""
    if isinstance(step, Pause):
        time.sleep(step.seconds)
        return None
    if step.once:
        try:
            return wire.send(step, timeout)
        except ConnectionLostError as error:
            return HttpReply(LOST, error)
    left = _countdown(timeout)
    heard: list[HttpReply] = []

    def attempt() -> HttpReply:
        heard.append(wire.send(step, left()))
        return heard[-1]

    try:
        reply: HttpReply = _retrying(timeout)(attempt)
    except (ConnectionLostError, WireTimeoutError):
        if heard:  # by another node, or before: a refusal says more than silence
            return heard[-1]
        raise
    return reply


async def send_async(
    wire: AsyncWire,
    step: Step,
    timeout: float,  # noqa: ASYNC109 - it covers several attempts
) -> HttpReply | None:
    """The same with `await`."""
    if isinstance(step, Pause):
        await asyncio.sleep(step.seconds)
        return None
    if step.once:
        try:
            return await wire.send(step, timeout)
        except ConnectionLostError as error:
            return HttpReply(LOST, error)
    left = _countdown(timeout)
    heard: list[HttpReply] = []

    async def attempt() -> HttpReply:
        heard.append(await wire.send(step, left()))
        return heard[-1]

    try:
        reply: HttpReply = await _retrying_async(timeout)(attempt)
    except (ConnectionLostError, WireTimeoutError):
        if heard:
            return heard[-1]
        raise
    return reply


def _countdown(timeout: float) -> Callable[[], float]:
    end = time.monotonic() + timeout
    return lambda: max(end - time.monotonic(), 0.001)


@lru_cache(maxsize=8)
def _retrying(timeout: float) -> Retrying:
    return Retrying(**_policy(timeout))


@lru_cache(maxsize=8)
def _retrying_async(timeout: float) -> AsyncRetrying:
    return AsyncRetrying(**_policy(timeout))


def _policy(timeout: float) -> dict[str, Any]:
    return {
        "stop": stop_before_delay(timeout),
        "wait": _wait,
        "retry": retry_if_exception_type(ConnectionLostError) | retry_if_result(_may_pass),
        "retry_error_callback": _last,
    }


def pause(attempt: int, reply: HttpReply) -> float:
    """Seconds to wait before a request is sent again, the next time being attempt + 1."""
    state = RetryCallState(Retrying(), None, (), {})
    state.attempt_number = attempt
    state.set_result(reply)
    return _wait(state)


def _wait(state: RetryCallState) -> float:
    """With jitter, growing; at least what the server asks for."""
    outcome = state.outcome
    reply = None if outcome is None or outcome.failed else outcome.result()
    asked = reply.retry_after if isinstance(reply, HttpReply) else None
    return max(_JITTER(state), asked or 0.0)


def _may_pass(reply: HttpReply) -> bool:
    return reply.status in TRANSIENT or any(
        isinstance(part, Mapping) and part.get("status") in TRANSIENT for part in _searches(reply)
    )


def _searches(reply: HttpReply) -> Sequence[Any]:
    """What each search of a multi-search was answered, which may be a refusal of its own."""
    found = reply.body.get("responses", ()) if isinstance(reply.body, Mapping) else ()
    return found if isinstance(found, Sequence) else ()


def _last(state: RetryCallState) -> Any:
    """The time is over: what came last is the answer, an error or a reply."""
    if state.outcome is None:
        raise RuntimeError("a request was given up before it was sent")
    return state.outcome.result()
