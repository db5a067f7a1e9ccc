"""Rolling out: a new version is loaded beside the old one, caught up, checked, and then serves.

The old version answers all the time. Writes are held for a moment at the end, so that none is
lost between the last look at the old version and the first write to the new one; a writer of this
package waits so long. Killed anywhere, the old version goes on serving, and the same call goes on
with what is there.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hybridsearch.encoding.load import DEFAULT_MODEL
from hybridsearch.engines.cluster import versions as cluster
from hybridsearch.engines.cluster.pace import LOOK_SECONDS
from hybridsearch.engines.cluster.versions import FIRST, Versions
from hybridsearch.engines.cluster.views import close_view, open_view, view_is_kept
from hybridsearch.errors import ConfigurationError, RolloutError
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.wiring.rollout.catching_up import Caught, documents_in, entries, first_gap
from hybridsearch.wiring.rollout.checks import Checked, check, check_complete, judge, set_aside
from hybridsearch.wiring.rollout.making import (
    Say,
    definition_of,
    make,
    make_like,
    same_vectors,
    settle,
)
from hybridsearch.wiring.rollout.place import Place, Version, held, place_at
from hybridsearch.wiring.rollout.wanted import Wanted

# Rounds of catching up, and what may be left for the moment in which writes are held.
_ROUNDS: Final = 10
_FEW: Final = 500


@dataclass(frozen=True)
class Rolled:
    """What serves now and what did before; what was loaded, set aside, and caught up with.

    held_seconds: how long writes were held.
    """

    serving: str
    before: str | None
    documents: int
    refused: int
    caught_up: int
    checked: Checked | None
    held_seconds: float
    seconds: float


def roll_out(
    target: str,
    wanted: Wanted,
    *,
    connection: Mapping[str, Any] | None = None,
    say: Say = lambda _: None,
) -> Rolled:
    """Let a new version of the index at `target`, an alias, serve in place of the old one.

    Raises RolloutError where the new version is not fit to serve, ConfigurationError, EngineError;
    the old version then goes on.
    """
    begin = time.perf_counter()
    with place_at(target, connection) as place:
        versions = _looked_at(place, place.versions(), wanted)
        if versions.serving is None:
            return _first(place, versions, wanted, begin, say)
        name, views = _begun(place, versions, wanted, say)
        with place.open(versions.serving) as old, place.open(name) as new:
            names = versions.serving, name
            refused = _load(place, old, new, views[0], wanted, say)
            caught = Caught(old, new, vectors=same_vectors(old, new))
            view = _caught_up(place, old, name, views, caught, say)
            checked = check(old.index, new.index, wanted.queries)
            _tell(names, checked, say)
            judge(checked, wanted)
            settle(place, versions.serving, new, wanted, say)
            begun = time.perf_counter()
            with held(place, versions.serving):
                if old.definition != new.definition:
                    # Until every writer has looked whether the index is still its own.
                    time.sleep(LOOK_SECONDS)
                last = _next_view(place, old, name, view)
                caught.up(entries(place, old, view), entries(place, old, last))
                lost = refused + len(caught.refused)
                check_complete(old.index, new.index, lost, wanted)
                before = _serve(place, versions, name, _note(old.name, view, last), say)
            held_seconds = time.perf_counter() - begun
            for each in (view, last):
                place.ask(close_view(each, place.engine.dialect, place.target))
            return Rolled(
                serving=name,
                before=before,
                documents=new.index.count(),
                refused=refused + len(caught.refused),
                caught_up=caught.count,
                checked=checked,
                held_seconds=held_seconds,
                seconds=time.perf_counter() - begin,
            )


def _caught_up(
    place: Place, old: Version, new: str, views: Sequence[str], caught: Caught, say: Say
) -> str:
    """Bring the new version near to the old one; returns the view that it then equals. views: the
    one that it equals now, and the one that a run that was ended was bringing it to, if any."""
    view = views[0]
    for later in views[1:]:
        view, _ = _brought(place, old, new, (view, later), caught)
    for _ in range(_ROUNDS):
        later = _next_view(place, old, new, view)
        view, changed = _brought(place, old, new, (view, later), caught)
        if changed:
            say(f"caught up with {changed:,} writes to {old.name}")
        if changed <= _FEW:
            break
    return view


def _next_view(place: Place, old: Version, new: str, view: str) -> str:
    """A view of the old version as it is now. It is noted before anything is done by it: what came
    to the new version and is gone from the old one by the next run is known by both views alone."""
    old.index.refresh()
    later = place.ask(open_view(old.name, place.engine.dialect, place.target))
    place.ask(cluster.write_note(new, _note(old.name, view, later), place.target))
    return later


def _brought(
    place: Place, old: Version, new: str, views: tuple[str, str], caught: Caught
) -> tuple[str, int]:
    """Bring the new version from one view to another; returns that one, and to how many documents
    something was done."""
    view, later = views
    changed = caught.up(entries(place, old, view), entries(place, old, later))
    place.ask(cluster.write_note(new, _note(old.name, later), place.target))
    place.ask(close_view(view, place.engine.dialect, place.target))
    return later, changed


def _tell(names: tuple[str, str], checked: Checked, say: Say) -> None:
    before, after = checked.documents
    say(
        f"{names[1]} has {after:,} documents ({names[0]} has {before:,}); of the ten best for "
        f"{checked.queries} queries, {checked.overlap:.0%} are the same"
    )


def _first(place: Place, versions: Versions, wanted: Wanted, begin: float, say: Say) -> Rolled:
    """Nothing serves yet: the alias is made once the first version is loaded."""
    if wanted.documents is None or wanted.schema is None:
        raise ConfigurationError(
            f"there is no index at {place.target} to make another version of: name a source and a "
            "schema for the first one"
        )
    name, _ = _unfinished(place, versions, wanted)
    if name is None:
        name = place.versions().next
        encoder = DEFAULT_MODEL if wanted.encoder is None else wanted.encoder
        make(place, name, definition_of(wanted.schema, encoder), wanted.settings)
        place.ask(cluster.write_note(name, _note("", ""), place.target))
    say(f"loading {name}, the first version")
    with place.open(name) as new:
        report = new.index.add(wanted.documents, checkpoint=wanted.checkpoint)
        if report.failed and not wanted.force:
            raise RolloutError(set_aside(report))
        settle(place, None, new, wanted, say)
        place.ask(cluster.point(place.name, name, None, place.target))
        place.ask(cluster.write_note(name, {"before": None}, place.target))
        say(f"{place.name} is served by {name}")
        seconds = time.perf_counter() - begin
        return Rolled(name, None, new.index.count(), report.failed, 0, None, 0.0, seconds)


def _looked_at(place: Place, versions: Versions, wanted: Wanted) -> Versions:
    if not versions.alias and not wanted.replace_index:
        raise ConfigurationError(
            f"{place.target} is an index itself, and a roll-out needs an alias in its place: say "
            f"replace_index (--replace-index), and the index becomes {place.name}-{FIRST:06d} "
            "behind an alias of its name"
        )
    if versions.serving is not None:
        settings = place.ask(cluster.read_settings(versions.serving, place.target))
        if settings.get("blocks.write") == "true":  # a roll-out was killed in its last moment
            place.ask(cluster.allow_writes(versions.serving, place.target))
    return versions


def _unfinished(
    place: Place, versions: Versions, wanted: Wanted
) -> tuple[str | None, dict[str, Any]]:
    """The version that an earlier roll-out has begun and not finished, and what it has noted."""
    found: tuple[str | None, dict[str, Any]] = None, {}
    for name in versions.after_serving:
        note = place.ask(cluster.read_note(name, place.target))
        if note is None or "view" not in note:
            continue
        if wanted.restart:
            place.ask(cluster.delete_index(name, place.target))
        else:
            found = name, note
    return found


def _begun(place: Place, versions: Versions, wanted: Wanted, say: Say) -> tuple[str, list[str]]:
    """The new version's name, the view of the old one that its load begins with, and the one that
    it was being brought to when an earlier roll-out was ended, if it was."""
    serving = versions.serving or ""
    dialect = place.engine.dialect
    name, note = _unfinished(place, versions, wanted)
    if name is None:
        name = place.versions().next
        view = place.ask(open_view(serving, dialect, place.target))
        make_like(place, name, serving, wanted)
        place.ask(cluster.write_note(name, _note(serving, view), place.target))
        say(f"loading {name}; {serving} serves meanwhile")
        return name, [view]
    views = [note[part] for part in ("view", "later") if part in note]
    if note.get("of") != serving or not all(
        place.ask(view_is_kept(view, place.target)) for view in views
    ):
        raise RolloutError(
            f"an earlier roll-out has begun {name}, and the server no longer knows what {serving} "
            "was then (it keeps that for a day): begin anew with restart (--restart)"
        )
    say(f"going on with {name}, which an earlier roll-out has begun")
    return name, views


def _load(
    place: Place,
    old: Version,
    new: Version,
    view: str,
    wanted: Wanted,
    say: Say,
) -> int:
    """Fill the new version; returns how many documents it would not take."""

    def progress(so_far: IndexProgress) -> None:
        say(f"{so_far.indexed:,} documents loaded into {new.name}")

    if wanted.documents is not None:
        report = new.index.add(wanted.documents, checkpoint=wanted.checkpoint, progress=progress)
    else:
        new.index.refresh()
        done = first_gap(entries(place, old, view), entries(place, new))
        documents = documents_in(old, view, done, vectors=same_vectors(old, new))
        report = new.index.add(documents, progress=progress)
    if report.failed and not wanted.force:
        raise RolloutError(set_aside(report))
    return report.failed


def _serve(place: Place, versions: Versions, new: str, note: Mapping[str, Any], say: Say) -> str:
    """Let the alias stand for the new version; returns the name of the one before. note: what the
    new version has noted, by which another run would go on."""
    serving = versions.serving or ""
    before = serving if versions.alias else f"{place.name}-{FIRST:06d}"
    # Killed right after it serves, it can be rolled back; before that, this roll-out goes on.
    place.ask(cluster.write_note(new, {**note, "before": before}, place.target))
    if versions.alias:
        place.ask(cluster.point(place.name, new, serving, place.target))
    else:
        # By a roll-out that was killed between these two.
        if before in versions.numbered and _is_copy(place, before, serving):
            place.ask(cluster.delete_index(before, place.target))
        place.ask(cluster.clone(serving, before, place.target))
        place.ask(cluster.replace_index(place.name, new, place.target))
    place.ask(cluster.write_note(new, {"before": before}, place.target))
    say(f"{place.name} is served by {new}")
    return before


def _is_copy(place: Place, copy: str, index: str) -> bool:
    """Whether an index was made by `clone` of another."""
    made = place.ask(cluster.read_settings(copy, place.target))
    of = place.ask(cluster.read_settings(index, place.target))
    return "uuid" in of and made.get("resize.source.uuid") == of["uuid"]


def _note(of: str, view: str, later: str | None = None) -> dict[str, Any]:
    note = {"of": of, "view": view}
    return note if later is None else {**note, "later": later}
