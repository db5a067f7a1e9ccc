"""The numbered indices behind a name: which of them serves, and one put in another's place.

`NAME` is an alias of `NAME-000002` and the like. Whoever searches or writes by the alias goes from
one version to the next in one atomic step of the cluster.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import orjson

from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.recovery import NOT_THERE, search_for
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest, Pause, Step
from hybridsearch.errors import EngineError

FIRST: Final = 1
_NUMBERED: Final = re.compile(r"-(\d{6})")
_FIRST_LOOK_SECONDS: Final = 0.1
_LOOK_SECONDS: Final = 5.0
Asking: TypeAlias = Generator[HttpRequest, HttpReply, Any]


@dataclass(frozen=True)
class Versions:
    """name: the alias; serving: the index it stands for, None where there is none yet; numbered:
    all versions by rising number, the serving one among them; alias: False where an index itself
    has the name."""

    name: str
    serving: str | None
    numbered: tuple[str, ...]
    alias: bool

    @property
    def next(self) -> str:
        """The name of the version after the last one."""
        last = int(self.numbered[-1][-6:]) if self.numbered else 0
        # An index that has the name itself becomes the first version.
        least = FIRST if self.alias else FIRST + 1
        return f"{self.name}-{max(last + 1, least):06d}"

    @property
    def after_serving(self) -> tuple[str, ...]:
        """The versions with a higher number than the one that serves has: all of them, where that
        is an index of another name."""
        if self.serving not in self.numbered:
            return self.numbered
        return self.numbered[self.numbered.index(self.serving) + 1 :]

    @property
    def before_serving(self) -> tuple[str, ...]:
        """The versions with a lower number than the one that serves has."""
        if self.serving not in self.numbered:
            return ()
        return self.numbered[: self.numbered.index(self.serving)]


def _aliases(name: str, target: str) -> Generator[HttpRequest, HttpReply, Mapping[str, Any]]:
    """The index or alias of a name, and its versions, by their names with the aliases of each."""
    every = f"{index_path(name)},{index_path(name)[1:]}-*"
    reply = yield HttpRequest("GET", f"{every}/_alias", params={"ignore_unavailable": "true"})
    if reply.status == 404:
        return {}
    found: Mapping[str, Any] = check_reply(reply, f"what {name} stands for", target=target)
    return found


def read_versions(name: str, target: str) -> Generator[HttpRequest, HttpReply, Versions]:
    """What there is behind a name; raises EngineError where it is an alias of several indices."""
    found = yield from _aliases(name, target)
    if not found:  # which a cluster also says before it knows
        reply = yield search_for(index_path(name))
        if reply.status in NOT_THERE:
            return Versions(name, None, (), alias=True)
        check_reply(reply, f"whether there is an index {name}", target=target)
        found = yield from _aliases(name, target)
    serving = [index for index, known in found.items() if name in known.get("aliases", {})]
    if len(serving) > 1:
        raise EngineError(
            f"{target} is an alias of {len(serving)} indices ({', '.join(sorted(serving))}): a "
            "roll-out replaces one index by another, so leave one of them"
        )
    numbered = sorted(index for index in found if _NUMBERED.fullmatch(index.removeprefix(name)))
    if name in found:
        return Versions(name, name, tuple(numbered), alias=False)
    return Versions(name, serving[0] if serving else None, tuple(numbered), alias=True)


def point(name: str, index: str, away_from: str | None, target: str) -> Asking:
    """Let the alias stand for an index, and for no other, in one step."""
    actions: list[dict[str, Any]] = [{"add": {"index": index, "alias": name}}]
    if away_from is not None:
        actions.insert(0, {"remove": {"index": away_from, "alias": name, "must_exist": True}})
    yield from change("POST", "/_aliases", {"actions": actions}, f"to serve {index}", target)


def replace_index(name: str, index: str, target: str) -> Asking:
    """The same where an index itself has the name: it is deleted in the same step."""
    actions = [{"remove_index": {"index": name}}, {"add": {"index": index, "alias": name}}]
    yield from change("POST", "/_aliases", {"actions": actions}, f"to serve {index}", target)


def clone(index: str, copy: str, target: str) -> Asking:
    """A copy of an index that takes no writes; it shares the files, and so takes no time."""
    body = {"settings": {"index": {"blocks.write": None}}}
    yield from change(
        "PUT",
        f"{index_path(index)}/_clone{index_path(copy)}",
        body,
        f"to copy {index} to {copy}",
        target,
    )


def block_writes(index: str, target: str) -> Asking:
    """Refuse writes from now on; those under way are done when this returns."""
    purpose = f"to hold writes to {index}"
    yield from change("PUT", f"{index_path(index)}/_block/write", None, purpose, target)


def allow_writes(index: str, target: str) -> Asking:
    """Take that back."""
    yield from change_settings(index, {"blocks.write": None}, target)


def change_settings(index: str, settings: Mapping[str, Any], target: str) -> Asking:
    """Give an index other settings, such as `refresh_interval`; None for the default."""
    body = {"index": dict(settings)}
    purpose = f"to change settings of {index}"
    yield from change("PUT", f"{index_path(index)}/_settings", body, purpose, target)


def read_settings(index: str, target: str) -> Asking:
    """The settings of an index that were set, by dotted names without `index.`."""
    path = f"{index_path(index)}/_settings"
    reply = yield HttpRequest("GET", path, params={"flat_settings": "true"})
    found = check_reply(reply, f"for the settings of {index}", target=target)
    settings = next(iter(found.values()))["settings"]
    return {name.removeprefix("index."): value for name, value in settings.items()}


def force_merge(index: str, target: str) -> Generator[Step, Any, None]:
    """Merge to one segment a shard: searches are fastest then, and it takes long. The server does
    it as a task, which is looked at now and then, so that no request has to wait for it."""
    purpose = f"to merge {index}"
    params = {"max_num_segments": "1", "wait_for_completion": "false"}
    path = f"{index_path(index)}/_forcemerge"
    reply: HttpReply = yield HttpRequest("POST", path, params=params, writes=True)
    task = check_reply(reply, purpose, target=target)["task"]
    wait = _FIRST_LOOK_SECONDS
    while True:
        yield Pause(wait)
        wait = min(2 * wait, _LOOK_SECONDS)
        reply = yield HttpRequest("GET", f"/_tasks/{task}")
        found = check_reply(reply, purpose, target=target)
        if found["completed"]:
            break
    if "error" in found:
        raise EngineError(f"{target} could not merge {index}: {found['error'].get('reason')}")
    check_shards(found["response"], purpose, target)


def healthy(index: str, seconds: int, target: str) -> Generator[HttpRequest, HttpReply, bool]:
    """Whether all copies of an index's shards are there within some seconds."""
    reply = yield HttpRequest(
        "GET",
        f"/_cluster/health{index_path(index)}",
        params={"wait_for_status": "green", "timeout": f"{seconds}s"},
    )
    if reply.status == 408:
        return False
    return not check_reply(reply, f"for the health of {index}", target=target)["timed_out"]


def delete_index(index: str, target: str) -> Asking:
    """Delete an index; one that is gone already is no error."""
    reply = yield HttpRequest("DELETE", index_path(index), writes=True)
    if reply.status != 404:
        check_reply(reply, f"to delete {index}", target=target)


def is_there(index: str, target: str) -> Generator[HttpRequest, HttpReply, bool]:
    """Whether there is an index of this name."""
    reply = yield HttpRequest("GET", f"{index_path(index)}/_mapping")
    if reply.status == 404:
        return False
    return index in check_reply(reply, f"whether there is {index}", target=target)


def change(method: str, path: str, body: Any, purpose: str, target: str) -> Asking:
    """A request that changes something; raises EngineError where it is not confirmed."""
    encoded = None if body is None else orjson.dumps(body)
    reply = yield HttpRequest(method, path, encoded, writes=True)
    told = check_reply(reply, purpose, target=target)
    if told.get("acknowledged") is False:
        raise EngineError(
            f"{target} was asked {purpose} and did not confirm it in time: look at the health of "
            "the cluster, and run the command again"
        )
