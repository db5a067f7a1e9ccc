"""Many searches in one request, and their answers checked one by one."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.refusals import check_reply, missing_part, refusal
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import (
    EngineError,
    ForbiddenError,
    IndexNotFoundError,
    NotAuthenticatedError,
    PartialResultsError,
)

AT_ONCE: Final = 64
# What no part of an answer could come of.
_LASTING: Final = (ForbiddenError, IndexNotFoundError, NotAuthenticatedError)
_FIELDS: Final = (
    "hits.hits.sort",
    "hits.hits._source",
    "hits.hits.inner_hits.*.hits.hits._score",
    "hits.hits.inner_hits.*.hits.hits.fields",
    "error",
    "status",
    "timed_out",
    "_shards.failed",
    "_shards.failures",
)
_OF_IDS: Final = ("hits.hits._id", "hits.hits._score")


@dataclass(frozen=True, slots=True)
class Search:
    """One body, which copies of shards it asks, what for, and whether parts may be missing."""

    body: Mapping[str, Any]
    preference: str
    purpose: str
    allow_partial: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """The hits, and a warning where they are not all: whoever is not among them may match.

    error: where there are none since the search was refused.
    """

    hits: Sequence[Mapping[str, Any]]
    warning: str | None = None
    error: EngineError | None = None


def multisearch(
    searches: Sequence[Search], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, list[Answer]]:
    """The answers, in order; raises EngineError for a search that failed, unless it may."""
    answers: list[Answer] = []
    for begin in range(0, len(searches), AT_ONCE):
        part = searches[begin : begin + AT_ONCE]
        reply = yield HttpRequest("POST", f"{index.path}/_msearch", _lines(part), _params(index))
        body = check_reply(reply, "to search", target=index.target)
        responses = body.get("responses", ())
        if len(responses) != len(part):
            raise EngineError(
                f"{index.target} was asked {len(part)} searches and answered {len(responses)}: is "
                "there a proxy at this address that changes replies?"
            )
        answers += [
            _answer(search, given, index) for search, given in zip(part, responses, strict=True)
        ]
    return answers


def _lines(searches: Sequence[Search]) -> bytes:
    parts = []
    for search in searches:
        header: dict[str, Any] = {
            "preference": search.preference,
            "allow_partial_search_results": bool(search.allow_partial),
        }
        parts += [
            orjson.dumps(header),
            orjson.dumps(search.body, option=orjson.OPT_SERIALIZE_NUMPY),
        ]
    return b"\n".join(parts) + b"\n"


def _params(index: ClusterIndex) -> dict[str, str]:
    fields = (*_FIELDS, *_OF_IDS) if index.shape.id is None else _FIELDS
    params = {"filter_path": ",".join(f"responses.{field}" for field in fields)}
    if index.settings.dfs:
        params["search_type"] = "dfs_query_then_fetch"
    return params


def _answer(search: Search, given: Mapping[str, Any], index: ClusterIndex) -> Answer:
    if "error" in given:
        error = refusal(int(given.get("status", 500)), given, search.purpose, target=index.target)
        if not search.allow_partial or isinstance(error, _LASTING):
            raise error
        return Answer((), str(error), error)
    told = missing_part(given, search.purpose, index.target)
    if told and not search.allow_partial:
        raise PartialResultsError(
            f"{told}; ask again, or allow for incomplete answers with allow_partial=True"
        )
    return Answer(given.get("hits", {}).get("hits", ()), told)
