"""Replies that are refusals, as errors that say what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.wire import (
    HttpReply,
    UnreadableReplyError,
    UntrustedError,
    WireError,
    WireTimeoutError,
)
from hybridsearch.errors import (
    DeadlineError,
    EngineError,
    ForbiddenError,
    IndexExistsError,
    IndexNotFoundError,
    NotAuthenticatedError,
    PartialResultsError,
    RefusedError,
    UnavailableError,
    WritesHeldError,
)

NO_INDEX: Final = "index_not_found_exception"
"""The kind of an error that says that there is no such index."""

_LONGEST_REASON = 400
_CLAUSES = (
    ": it does not take so many words or conditions at once; search with fewer, or raise "
    "indices.query.bool.max_clause_count in its configuration"
)
_BOUNDED = {
    "maxClauseCount": _CLAUSES,
    "too many nested clauses": _CLAUSES,
    "max_nested_depth": ": write the filter with fewer levels, or raise that setting",
}
_TAKES_NO_DOCUMENTS = (
    "no write index is defined for alias",
    "op_type of create are allowed in data streams",
)


def check_reply(reply: HttpReply, purpose: str, *, target: str) -> Any:
    """The body of a reply that is no refusal; raises the EngineError that fits one that is."""
    check_access(reply, purpose)
    if reply.status >= 300:
        raise refusal(reply.status, reply.body, purpose, target=target)
    if not isinstance(reply.body, Mapping | list):
        raise EngineError(
            f"the server was asked {purpose} and answered with something that is not JSON: is "
            f"there a proxy or another program at the address of {target}?"
        )
    return reply.body


def check_access(reply: HttpReply, purpose: str) -> None:
    """Raises NotAuthenticatedError for 401."""
    if reply.status == 401:
        raise NotAuthenticatedError(
            f"the server was asked {purpose} and does not know who is asking (401): give an API "
            "key (HYBRIDSEARCH_API_KEY), user and password (HYBRIDSEARCH_USERNAME, "
            "HYBRIDSEARCH_PASSWORD) or a bearer token, and look whether they are right"
        )


def refusal(status: int, body: Any, purpose: str, *, target: str) -> EngineError:
    """The error for a reply, or for one item of a reply, that is a refusal."""
    kind, reason = reason_of(body)
    told = f"the server was asked {purpose}"
    of_the_index = _about_the_index(status, kind, reason, target)
    if of_the_index is not None:
        return of_the_index
    if kind == "cluster_block_exception":
        return _blocked(told, status, reason, target)
    if status == 403:
        return ForbiddenError(
            f"{told} and does not allow it (403: {reason}): give this user the privileges that "
            f"the index at {target} needs (read to search, write to add, manage to make it)"
        )
    if status == 413:
        return RefusedError(
            f"{told} with a request that is too large for it (413): send less at once, or raise "
            "http.max_content_length or the limit of the proxy before it"
        )
    if status in {429, 502, 503, 504}:
        return _unavailable(told, status, kind, reason, target)
    hint = next((hint for words, hint in _BOUNDED.items() if words in reason), "")
    return RefusedError(f"{told} and refused ({status}: {reason}){hint}")


def _unavailable(told: str, status: int, kind: str, reason: str, target: str) -> EngineError:
    if "missing shards" in reason or kind == "no_shard_available_action_exception":
        return PartialResultsError(
            f"{told} and a part of {target} is not there ({reason}), also when asked again: look "
            "at the health of the cluster, or allow for incomplete answers with allow_partial=True"
        )
    return UnavailableError(
        f"{told} and had no room for it ({status}: {reason}), also when asked again: wait, "
        "ask less at once, or give it more time with connection={'timeout': ...}"
    )


def _blocked(told: str, status: int, reason: str, target: str) -> EngineError:
    if "index write (api)" in reason:
        return WritesHeldError(
            f"{told}, and writes to the index are held ({reason}), also when asked again: a "
            "roll-out holds them for a moment before another version serves; where none is under "
            f"way, allow them again (index.blocks.write in the settings of {target})"
        )
    return UnavailableError(
        f"{told} and does not allow it to anyone now ({status}: {reason}): make room where a "
        "disk is full, or take the block away (index.blocks in the index's settings)"
    )


def _about_the_index(status: int, kind: str, reason: str, target: str) -> EngineError | None:
    """The error where the index is not there, is there already, or takes no documents at all."""
    if status == 404 and kind in {NO_INDEX, "not_found"}:
        return IndexNotFoundError(
            f"there is no index at {target}: make one with `hybridsearch index {target} SOURCE` "
            "or HybridIndex.create"
        )
    if kind == "resource_already_exists_exception" or (
        kind == "invalid_index_name_exception" and "already exists" in reason
    ):
        return IndexExistsError(
            f"there is an index at {target} already: open it, or give another name"
        )
    if kind == "index_closed_exception":
        return UnavailableError(
            f"the index at {target} is closed, and answers nothing: open it again (POST NAME/_open)"
        )
    if any(words in reason for words in _TAKES_NO_DOCUMENTS):
        return EngineError(
            f"{target} takes no documents ({reason}): name an index, or an alias that writes to one"
        )
    return None


def reason_of(body: Any) -> tuple[str, str]:
    """The kind of an error and its reason, the innermost cause's where there is one."""
    error = body.get("error", body) if isinstance(body, Mapping) else body
    if not isinstance(error, Mapping):
        return "", _short(str(error)) if error else "no reason given"
    causes = error.get("root_cause") or [error]
    first = causes[0] if isinstance(causes, list) and causes else error
    kind = str(error.get("type") or first.get("type") or "")
    if kind in {"search_phase_execution_exception", ""}:
        kind = str(first.get("type") or kind)
    reason = str(first.get("reason") or error.get("reason") or kind or "no reason given")
    inner = error
    while isinstance(cause := inner.get("caused_by"), Mapping):
        inner = cause
    if inner is not error and inner.get("reason") and str(inner["reason"]) not in reason:
        reason += f": {inner['reason']}"
    return kind, _short(f"{first.get('type', kind)}: {reason}" if first.get("type") else reason)


def missing_part(body: Mapping[str, Any], purpose: str, target: str) -> str | None:
    """What to tell of a reply of a part of the index only; None where it is whole."""
    shards = body.get("_shards") or {}
    if failed := shards.get("failed", 0):
        failures = shards.get("failures") or [{}]
        reason = reason_of(failures[0].get("reason"))[1]
        shown = "a shard" if failed == 1 else f"{failed} shards"
        return f"{shown} of {target} did not answer when asked {purpose}: {reason}"
    return f"{target} ran out of time when asked {purpose}" if body.get("timed_out") else None


def check_shards(body: Mapping[str, Any], purpose: str, target: str) -> None:
    """Raises PartialResultsError for a reply of a part of the index only."""
    if told := missing_part(body, purpose, target):
        raise PartialResultsError(f"{told}; ask again, and look at the health of the cluster")


def lost(error: WireError, purpose: str, *, target: str, seconds: float) -> EngineError:
    """The error for a reply that did not come."""
    shown = f"{round(seconds, 2):g} s"
    if isinstance(error, WireTimeoutError):
        return DeadlineError(
            f"{target} was asked {purpose} and did not answer within {shown}: look whether it "
            "is overloaded, or give it more time with connection={'timeout': ...}"
        )
    if isinstance(error, UnreadableReplyError):
        return EngineError(
            f"{target} was asked {purpose} and answered with something that is not JSON "
            f"({_short(str(error))}): is there a proxy or another program at this address?"
        )
    if isinstance(error, UntrustedError):
        return UnavailableError(
            f"{target} was asked {purpose} and cannot be reached safely ({_short(str(error))}): "
            "name the file of the authority to trust with connection={'ca_certs': ...} or "
            "HYBRIDSEARCH_CA_CERTS, and look whether the server speaks https"
        )
    return UnavailableError(
        f"{target} was asked {purpose} and cannot be reached ({_short(str(error))}), also when "
        f"tried again for {shown}: look at the address and whether the server runs"
    )


def part_of(body: Any, name: str, purpose: str, *, target: str) -> Any:
    """A part of a reply that every server sends; raises EngineError where it is not there."""
    if not isinstance(body, Mapping) or name not in body:
        raise EngineError(
            f"{target} was asked {purpose} and answered without {name!r}: is there a proxy at "
            "this address that changes replies?"
        )
    return body[name]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_REASON else text[: _LONGEST_REASON - 1] + "…"
