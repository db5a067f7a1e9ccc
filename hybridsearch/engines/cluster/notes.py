"""What a version remembers of the roll-out that made it, in its mapping's `_meta`."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.versions import Asking, change, read_settings
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import IndexNotFoundError, RolloutError

LINEAGE: Final = "hybridsearch_lineage"
_ROLLOUT: Final = "hybridsearch_rollout"


def read_note(index: str, target: str) -> Generator[HttpRequest, HttpReply, dict[str, Any] | None]:
    """What a roll-out has noted in an index."""
    meta = yield from _meta(index, target)
    note: dict[str, Any] | None = meta.get(_ROLLOUT)
    return note


def write_note(index: str, note: Mapping[str, Any], target: str) -> Asking:
    """Note in an index what a roll-out has to know when it is run again; `by` says which run notes
    it. Raises RolloutError where another run has taken over."""
    meta = yield from _meta(index, target)
    _check_mark(meta, index, note.get("by"), target)
    yield from _remember(index, {**meta, _ROLLOUT: dict(note)}, target)


def check_mark(index: str, by: str, target: str) -> Asking:
    """Raises RolloutError where another run than this has taken over."""
    meta = yield from _meta(index, target)
    _check_mark(meta, index, by, target)


def take_over(index: str, by: str, target: str) -> Asking:
    """Let this run be the one that goes on; what was noted stays."""
    meta = yield from _meta(index, target)
    yield from _remember(index, {**meta, _ROLLOUT: {**meta.get(_ROLLOUT, {}), "by": by}}, target)


def lineage_of(index: str, target: str) -> Generator[HttpRequest, HttpReply, str]:
    """What an index is known by: its own identity, or that of the one whose documents it took."""
    meta = yield from _meta(index, target)
    settings = yield from read_settings(index, target)
    return str(meta.get(LINEAGE) or settings.get("uuid"))


def write_lineage(index: str, lineage: str, target: str) -> Asking:
    """Let an index be known by another identity than its own."""
    meta = yield from _meta(index, target)
    yield from _remember(index, {**meta, LINEAGE: lineage}, target)


def _remember(index: str, meta: Mapping[str, Any], target: str) -> Asking:
    purpose = f"to note the roll-out in {index}"
    yield from change("PUT", f"{index_path(index)}/_mapping", {"_meta": meta}, purpose, target)


def _meta(index: str, target: str) -> Generator[HttpRequest, HttpReply, dict[str, Any]]:
    reply = yield HttpRequest("GET", f"{index_path(index)}/_mapping")
    found = check_reply(reply, f"for the mapping of {index}", target=target)
    if index not in found:
        raise IndexNotFoundError(f"there is no index {index} at {target}")
    meta: dict[str, Any] = found[index]["mappings"].get("_meta", {})
    return meta


def _check_mark(meta: Mapping[str, Any], index: str, by: str | None, target: str) -> None:
    mark = meta.get(_ROLLOUT, {}).get("by")
    if mark not in {None, by}:
        raise RolloutError(
            f"another roll-out of {target} goes on with {index} now, and this one has stopped: let "
            "that one end"
        )
