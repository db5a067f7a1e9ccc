"""Older versions: one that serves again, and those that are no longer needed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import uuid4

from hybridsearch.engines.cluster import notes
from hybridsearch.engines.cluster import versions as cluster
from hybridsearch.engines.cluster.versions import Versions
from hybridsearch.errors import RolloutError
from hybridsearch.wiring.rollout.place import Place, held, place_at


def roll_back(target: str, *, connection: Mapping[str, Any] | None = None) -> tuple[str, str]:
    """Let the version before serve again, in one step; returns it, and the one that served.

    What was written since the roll-out is in the newer version only. Raises RolloutError where
    there is no version before.
    """
    with place_at(target, connection) as place:
        serving, before, note = _serving(place, place.versions())
        if before is None:
            raise RolloutError(f"{serving} is the only version behind {target}: nothing to go to")
        # No roll-out is to go on with what may have had writes of its own.
        ended = {part: told for part, told in note.items() if part in {"before", "by"}}
        place.ask(notes.write_note(serving, ended, target))
        place.ask(cluster.allow_writes(before, target))
        # It lacks what came since: whoever has begun to load is not to go on as if it did not.
        place.ask(notes.write_lineage(before, uuid4().hex, target))
        with held(place, serving):
            place.ask(cluster.point(place.name, before, serving, target))
        return before, serving


def prune(
    target: str, *, keep: int = 1, connection: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Delete the versions older than the one that serves, but for the last `keep`; returns their
    names. Of those the one to roll back to is the last. Newer ones, which a rollback or a roll-out
    under way has left, stay."""
    with place_at(target, connection) as place:
        versions = place.versions()
        _, before, _ = _serving(place, versions)
        # Others may lie between: those that a rollback or a killed roll-out has left.
        older = sorted(versions.before_serving, key=lambda name: (name == before, name))
        gone = older[: len(older) - keep] if keep else older
        for name in gone:
            place.ask(cluster.delete_index(name, target))
        return tuple(gone)


def _serving(place: Place, versions: Versions) -> tuple[str, str | None, dict[str, Any]]:
    """The version that serves and the one before it that is still there."""
    if versions.serving is None or not versions.alias:
        raise RolloutError(
            f"{place.target} is not an alias of versions: `hybridsearch rollout` makes it one"
        )
    note = place.ask(notes.read_note(versions.serving, place.target)) or {}
    before = note.get("before")
    if before is not None and not place.ask(cluster.is_there(before, place.target)):
        before = None
    return versions.serving, before, note
