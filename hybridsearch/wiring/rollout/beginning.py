"""How a roll-out begins: with a new version, or with one that an earlier roll-out has begun."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridsearch.engines.cluster import notes
from hybridsearch.engines.cluster import versions as cluster
from hybridsearch.engines.cluster.versions import FIRST, Versions
from hybridsearch.engines.cluster.views import open_view, view_is_kept
from hybridsearch.errors import ConfigurationError, RolloutError
from hybridsearch.wiring.rollout.making import Say, check_begun, make_like
from hybridsearch.wiring.rollout.place import Place
from hybridsearch.wiring.rollout.under_way import UnderWay
from hybridsearch.wiring.rollout.wanted import Wanted


def check_name(place: Place, versions: Versions, wanted: Wanted) -> None:
    """Raises ConfigurationError where an index itself has the name, and may not give way."""
    if not versions.alias and not wanted.replace_index:
        raise ConfigurationError(
            f"{place.target} is an index itself, and a roll-out needs an alias in its place: say "
            f"replace_index (--replace-index), and the index becomes {place.name}-{FIRST:06d} "
            "behind an alias of its name"
        )


def unfinished(
    place: Place, versions: Versions, wanted: Wanted
) -> tuple[str | None, dict[str, Any]]:
    """The version that an earlier roll-out has begun and not finished, and what it has noted."""
    found: tuple[str | None, dict[str, Any]] = None, {}
    for name in versions.after_serving:
        note = place.ask(notes.read_note(name, place.target))
        if note is None or "view" not in note:
            continue
        if wanted.restart:
            place.ask(cluster.delete_index(name, place.target))
            _let_write(place, versions, note)
        else:
            found = name, note
    return found


def _let_write(place: Place, versions: Versions, note: Mapping[str, Any]) -> None:
    """Writes to the old version are allowed again where an earlier roll-out was killed in the
    moment in which it held them."""
    if note.get("held") and versions.serving is not None:
        place.ask(cluster.allow_writes(versions.serving, place.target))


def begun(place: Place, versions: Versions, wanted: Wanted, say: Say) -> tuple[UnderWay, list[str]]:
    """The roll-out, the view of the old version that the load begins with, and the one that the new
    version was being brought to when an earlier roll-out was ended, if it was."""
    serving = versions.serving or ""
    dialect = place.engine.dialect
    name, note = unfinished(place, versions, wanted)
    if name is None:
        view = place.ask(open_view(serving, dialect, place.target))
        way = UnderWay(place, serving, place.versions().next)
        make_like(place, way.new, serving, wanted)
        way.note(view)
        say(f"loading {way.new}; {serving} serves meanwhile")
        return way, [view]
    views = [note[part] for part in ("view", "later") if part in note]
    if note.get("of") != serving or not all(
        place.ask(view_is_kept(view, place.target)) for view in views
    ):
        raise RolloutError(
            f"an earlier roll-out has begun {name}, and the server no longer knows what {serving} "
            "was then (it keeps that for a day): begin anew with restart (--restart)"
        )
    check_begun(place, name, wanted)
    way = UnderWay(place, serving, name, copied="before" in note)
    go_on(way, versions, note)
    say(f"going on with {name}, which an earlier roll-out has begun")
    return way, views


def go_on(way: UnderWay, versions: Versions, note: Mapping[str, Any]) -> None:
    """Take over from an earlier run; raises RolloutError where it goes on still, and ends now."""
    way.take_over()
    # Where it held writes it was about to switch. By now it has done so, or has found its mark
    # gone: only now may anybody write to the old version again.
    check_serving(way.place, versions)
    _let_write(way.place, versions, note)


def check_serving(place: Place, versions: Versions) -> None:
    """Raises RolloutError where another version than these say serves by now."""
    serving = place.versions().serving
    if serving != versions.serving:
        raise RolloutError(
            f"another roll-out of {place.target} has ended just now: {serving} serves"
        )
