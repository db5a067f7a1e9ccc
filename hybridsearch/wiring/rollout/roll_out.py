"""Rolling out: a new version is loaded beside the old one, caught up, checked, and then serves.

The old version answers all the time. Writes are held for a moment at the end, so that none is
lost between the last look at the old version and the first write to the new one; a writer of this
package waits so long. Killed anywhere, the old version goes on serving, and the same call goes on
with what is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hybridsearch.encoding.load import DEFAULT_MODEL
from hybridsearch.engines.cluster import notes
from hybridsearch.engines.cluster import versions as cluster
from hybridsearch.engines.cluster.pace import LOOK_SECONDS
from hybridsearch.engines.cluster.versions import FIRST, Versions
from hybridsearch.engines.cluster.views import close_view, open_view
from hybridsearch.errors import ConfigurationError, RolloutError
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.wiring.rollout.beginning import (
    begun,
    check_name,
    check_serving,
    go_on,
    unfinished,
)
from hybridsearch.wiring.rollout.catching_up import Caught, documents_in, entries, first_gap
from hybridsearch.wiring.rollout.checks import Checked, check, check_complete, judge, set_aside
from hybridsearch.wiring.rollout.making import (
    Say,
    check_begun,
    definition_of,
    make,
    same_vectors,
    settle,
)
from hybridsearch.wiring.rollout.place import Place, Version, held, place_at
from hybridsearch.wiring.rollout.under_way import UnderWay
from hybridsearch.wiring.rollout.wanted import Wanted

# Rounds of catching up, and what may be left for the moment in which writes are held.
_ROUNDS: Final = 10
_FEW: Final = 500
_TELL_SECONDS: Final = 5.0


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
        versions = place.versions()
        check_name(place, versions, wanted)
        if versions.serving is None:
            return _first(place, versions, wanted, begin, say)
        way, views = begun(place, versions, wanted, say)
        with way.explaining(), place.open(way.old) as old, place.open(way.new) as new:
            refused = _load(way, old, new, views[0], wanted, say)
            caught = Caught(old, new, vectors=same_vectors(old, new), check=way.check)
            view = _caught_up(way, old, views, caught, say)
            checked = check(old.index, new.index, wanted.queries)
            _tell(way, checked, say)
            judge(checked, wanted)
            settle(place, way.old, new, wanted, say)
            hold = time.perf_counter()
            way.note(view, held=True)
            with held(place, way.old):
                if old.definition != new.definition:
                    # Until every writer has looked whether the index is still its own.
                    time.sleep(LOOK_SECONDS)
                last = _next_view(way, old, view, held=True)
                caught.up(entries(place, old, view), entries(place, old, last))
                lost = refused + len(caught.refused)
                check_complete(old.index, new.index, lost, wanted)
                before = _serve(way, versions, (view, last), wanted, say)
            held_seconds = time.perf_counter() - hold
            for each in (view, last):
                place.ask(close_view(each, place.engine.dialect, place.target))
            return Rolled(
                serving=way.new,
                before=before,
                documents=new.index.count(),
                refused=refused + len(caught.refused),
                caught_up=caught.count,
                checked=checked,
                held_seconds=held_seconds,
                seconds=time.perf_counter() - begin,
            )


def _caught_up(way: UnderWay, old: Version, views: Sequence[str], caught: Caught, say: Say) -> str:
    """Bring the new version near to the old one; returns the view that it then equals. views: the
    one that it equals now, and the one that a run that was ended was bringing it to, if any."""
    view = views[0]
    for later in views[1:]:
        view, _ = _brought(way, old, (view, later), caught)
    for _ in range(_ROUNDS):
        view, changed = _brought(way, old, (view, _next_view(way, old, view)), caught)
        if changed:
            say(f"caught up with {changed:,} writes to {old.name}")
        if changed <= _FEW:
            break
    return view


def _next_view(way: UnderWay, old: Version, view: str, *, held: bool = False) -> str:
    """A view of the old version as it is now. It is noted before anything is done by it: what came
    to the new version and is gone from the old one by the next run is known by both views alone."""
    place = way.place
    old.index.refresh()
    later = place.ask(open_view(old.name, place.engine.dialect, place.target))
    way.note(view, later, held=held)
    return later


def _brought(
    way: UnderWay, old: Version, views: tuple[str, str], caught: Caught
) -> tuple[str, int]:
    """Bring the new version from one view to another; returns that one, and to how many documents
    something was done."""
    place, (view, later) = way.place, views
    changed = caught.up(entries(place, old, view), entries(place, old, later))
    way.note(later)
    place.ask(close_view(view, place.engine.dialect, place.target))
    return later, changed


def _tell(way: UnderWay, checked: Checked, say: Say) -> None:
    before, after = checked.documents
    say(
        f"{way.new} has {after:,} documents ({way.old} has {before:,}); of the ten best for "
        f"{checked.queries} queries, {checked.overlap:.0%} are the same"
    )


def _first(place: Place, versions: Versions, wanted: Wanted, begin: float, say: Say) -> Rolled:
    """Nothing serves yet: the alias is made once the first version is loaded."""
    if wanted.documents is None or wanted.schema is None:
        raise ConfigurationError(
            f"there is no index at {place.target} to make another version of: name a source and a "
            "schema for the first one"
        )
    name, note = unfinished(place, versions, wanted)
    way = UnderWay(place, "", name or place.versions().next)
    if name is None:
        encoder = DEFAULT_MODEL if wanted.encoder is None else wanted.encoder
        make(place, way.new, definition_of(wanted.schema, encoder), wanted.settings)
        way.note("")
    else:
        check_begun(place, name, wanted)
        go_on(way, versions, note)
    say(f"loading {way.new}, the first version")
    with way.explaining(), place.open(way.new) as new:
        documents, progress = way.alone(wanted.documents), _telling(way.new, say)
        report = new.index.add(documents, checkpoint=wanted.checkpoint, progress=progress)
        if report.failed and not wanted.force:
            raise RolloutError(set_aside(report))
        settle(place, None, new, wanted, say)
        way.check()
        check_serving(place, versions)
        place.ask(cluster.point(place.name, way.new, None, place.target))
        way.note_end(None)
        say(f"{place.name} is served by {way.new}")
        seconds = time.perf_counter() - begin
        return Rolled(way.new, None, new.index.count(), report.failed, 0, None, 0.0, seconds)


def _load(
    way: UnderWay,
    old: Version,
    new: Version,
    view: str,
    wanted: Wanted,
    say: Say,
) -> int:
    """Fill the new version; returns how many documents it would not take."""
    progress = _telling(new.name, say)
    if wanted.documents is not None:
        documents = way.alone(wanted.documents)
        report = new.index.add(documents, checkpoint=wanted.checkpoint, progress=progress)
    else:
        new.index.refresh()
        done = first_gap(entries(way.place, old, view), entries(way.place, new))
        missing = documents_in(old, view, done, vectors=same_vectors(old, new))
        report = new.index.add(way.alone(missing), progress=progress)
    if report.failed and not wanted.force:
        raise RolloutError(set_aside(report))
    return report.failed


def _telling(name: str, say: Say) -> Callable[[IndexProgress], None]:
    """Says every few seconds how far a load is."""
    told = time.monotonic()

    def progress(so_far: IndexProgress) -> None:
        nonlocal told
        if time.monotonic() - told >= _TELL_SECONDS:
            told = time.monotonic()
            say(f"{so_far.indexed:,} documents loaded into {name}")

    return progress


def _serve(
    way: UnderWay, versions: Versions, views: tuple[str, str], wanted: Wanted, say: Say
) -> str:
    """Let the alias stand for the new version; returns the name of the one before. views: those by
    which another run would go on."""
    place, serving, new = way.place, way.old, way.new
    before = serving
    if not versions.alias:
        before = f"{place.name}-{FIRST:06d}"
        _make_room(way, versions, before)
    if wanted.documents is None:
        # It has all that the old one has, so that whoever has begun to load into that goes on.
        lineage = place.ask(notes.lineage_of(serving, place.target))
        place.ask(notes.write_lineage(new, lineage, place.target))
    # Killed right after it serves, it can be rolled back; before that, this roll-out goes on.
    way.note(*views, held=True, before=before)
    if versions.alias:
        place.ask(cluster.point(place.name, new, serving, place.target))
    else:
        place.ask(cluster.clone(serving, before, place.target))
        place.ask(cluster.replace_index(place.name, new, place.target))
    way.note_end(before)
    say(f"{place.name} is served by {new}; {before} is kept")
    return before


def _make_room(way: UnderWay, versions: Versions, before: str) -> None:
    """The index that has the name is to become this version: an earlier run may have been killed
    when it had made it, and before the alias took its place."""
    if before not in versions.numbered:
        return
    if not way.copied:
        raise RolloutError(
            f"there is an index {before} already, which {way.old} is to become: delete it, or give "
            "it another name"
        )
    way.place.ask(cluster.delete_index(before, way.place.target))
