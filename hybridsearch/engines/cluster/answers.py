"""Calls to requests and replies to answers: one flow for both products, sync and async.

The searches of all calls of a round travel together.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any

import orjson

from hybridsearch.engines.calls import (
    Commit,
    Complete,
    Count,
    Counted,
    Get,
    Identify,
    Persist,
    Refresh,
    Retrieve,
    Scan,
    Write,
)
from hybridsearch.engines.cluster.completion import completed, completion_searches
from hybridsearch.engines.cluster.digests import get_digests
from hybridsearch.engines.cluster.filters import filter_query
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.multisearch import Search, multisearch
from hybridsearch.engines.cluster.presence import check_present, identify
from hybridsearch.engines.cluster.reading import get, get_vectors, get_whole
from hybridsearch.engines.cluster.refusals import check_reply, check_shards, part_of
from hybridsearch.engines.cluster.retrieval import retrieval_searches, retrieved
from hybridsearch.engines.cluster.routing import check_unrouted
from hybridsearch.engines.cluster.scanning import list_ids, scan
from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Step
from hybridsearch.engines.cluster.writes import write
from hybridsearch.engines.protocol import Call, Reply
from hybridsearch.engines.reading_calls import GetDigests, GetVectors, GetWhole, ListIds
from hybridsearch.errors import EngineError


def answer(calls: Sequence[Call], index: ClusterIndex) -> Generator[Step, Any, list[Reply]]:
    """The replies, in the order of the calls."""
    searched = iter((yield from _searched(calls, index)))
    replies: list[Reply] = []
    for call in calls:
        if isinstance(call, Retrieve | Complete):
            replies.append(next(searched))
        else:
            replies.append((yield from _one(call, index)))
    return replies


def _searched(calls: Sequence[Call], index: ClusterIndex) -> Generator[Step, Any, list[Reply]]:
    asking = [call for call in calls if isinstance(call, Retrieve | Complete)]
    made: list[list[Search]] = [
        retrieval_searches(call, index)
        if isinstance(call, Retrieve)
        else completion_searches(call, index)
        for call in asking
    ]
    answers = iter((yield from multisearch([search for part in made for search in part], index)))
    replies: list[Reply] = []
    for call, part in zip(asking, made, strict=True):
        given = [next(answers) for _ in part]
        replies.append(
            retrieved(call, given, index)
            if isinstance(call, Retrieve)
            else completed(call, given, index)
        )
    return replies


def _one(  # noqa: C901, PLR0911, PLR0912 - one line for each kind of call
    call: Call, index: ClusterIndex
) -> Generator[Step, Any, Reply]:
    match call:
        case Write():
            return (yield from write(call, index))
        case Get():
            return (yield from get(call, index))
        case GetDigests():
            return (yield from get_digests(call, index))
        case GetVectors():
            return (yield from get_vectors(call, index))
        case GetWhole():
            return (yield from get_whole(call, index))
        case ListIds():
            return (yield from list_ids(call, index))
        case Scan():
            return (yield from scan(call, index))
        case Count():
            return (yield from _count(call, index))
        case Persist():
            # What the server has acknowledged is on its disks.
            yield from check_present(index)
            return None
        case Commit() | Refresh():
            yield from _refresh(index)
            if isinstance(call, Commit):
                yield from check_present(index)
                if index.pace.has_looked:
                    yield from check_unrouted(index)
                index.pace.look_again()
            return None
        case Identify():
            return (yield from identify(index))
    raise EngineError(f"{type(call).__name__} is not a call to an open index")


def _refresh(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, None]:
    reply = yield HttpRequest("POST", f"{index.path}/_refresh", writes=True)
    purpose = "to make what was written visible"
    check_shards(check_reply(reply, purpose, target=index.target), purpose, index.target)


def _count(call: Count, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, Counted]:
    query = {"match_all": {}} if call.where is None else filter_query(call.where, index)
    body: dict[str, Any] = {"size": 0, "track_total_hits": True, "query": query}
    if index.schema.dense:
        body["aggs"] = {name: _counted(index.shape.vectors[name]) for name in index.schema.dense}
    reply = yield HttpRequest(
        "POST",
        f"{index.path}/_search",
        orjson.dumps(body),
        {"allow_partial_search_results": "false"},
    )
    found = check_reply(reply, "to count", target=index.target)
    check_shards(found, "to count", index.target)
    total = part_of(found, "hits", "to count", target=index.target)["total"]["value"]
    passages = found.get("aggregations", {})
    size = None if call.where is not None else (yield from _bytes(index))
    return Counted(
        total,
        {name: passages[name]["doc_count"] for name in index.schema.dense},
        size,
    )


def _counted(shape: VectorShape) -> dict[str, Any]:
    """The aggregation that counts a field's vectors."""
    if shape.nested is None:
        return {"filter": {"exists": {"field": shape.vector}}}
    return {"nested": {"path": shape.nested}}


def _bytes(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, int | None]:
    reply = yield HttpRequest("GET", f"{index.path}/_stats/store")
    if reply.status >= 300 or not isinstance(reply.body, Mapping):
        return None  # reading an index is allowed to more people than reading its statistics
    size: int = reply.body["_all"]["primaries"]["store"]["size_in_bytes"]
    return size
