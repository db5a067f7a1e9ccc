"""Whether an index that a cluster does not know is not there, or not known yet.

A cluster that starts knows no index until it has recovered its state: for a moment, or until so
many nodes are there as it is told to wait for. Meanwhile it says of every index that it is not
found, as of one that was deleted. A search is answered with 503 then: that is asked, and waited
for, before an index is taken for gone.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from typing import Any, Final, TypeVar

from hybridsearch.engines.cluster.refusals import NO_INDEX, reason_of
from hybridsearch.engines.cluster.sending import TRANSIENT
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Step

T = TypeVar("T")

NOT_THERE: Final = frozenset({403, 404})
"""Statuses of a search of an index that is taken for gone: who may not search cannot tell more."""

_SEARCH: Final = "/_search"
_LEAST: Final = {"size": "0", "track_total_hits": "false", "filter_path": "took"}


def once_recovered(flow: Generator[Step, Any, T]) -> Generator[Step, Any, T]:
    """The same flow, to which no index is told to be not found before the cluster knows."""
    try:
        step = next(flow)
        while True:
            try:
                reply = yield step
                if isinstance(step, HttpRequest) and _is_doubtful(step, reply):
                    reply = yield from _ask_again(step, reply)
            except Exception as error:  # noqa: BLE001 - the flow decides
                step = flow.throw(error)
            else:
                step = flow.send(reply)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        flow.close()


def search_for(path: str) -> HttpRequest:
    """The least search of an index or alias, by its path: 404 where there is none, 503 as long as
    the cluster does not know, 403 where the caller may not search it."""
    return HttpRequest("GET", f"{path}{_SEARCH}", params=_LEAST)


def _ask_again(step: HttpRequest, reply: HttpReply) -> Generator[Step, Any, HttpReply]:
    index = step.path.split("/")[1]
    asked = replace(search_for(f"/{index}"), writes=step.writes, seconds=step.seconds)
    found: HttpReply = yield asked
    if found.status in TRANSIENT:  # also when asked again and again
        return found
    if found.status not in NOT_THERE:
        reply = yield step
    return reply


def _is_doubtful(step: HttpRequest, reply: HttpReply) -> bool:
    """Whether it says that there is no such index, of a request to one that is no search."""
    if reply.status != 404 or step.path.startswith("/_") or step.path.endswith(_SEARCH):
        return False
    return reason_of(reply.body)[0] == NO_INDEX
