"""A roll-out that is under way: what it notes in the new version, and that no other takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from hybridsearch.engines.cluster.notes import take_over, write_note
from hybridsearch.wiring.rollout.place import Place


@dataclass(frozen=True)
class UnderWay:
    """One run, from the old version to the new one, by their names.

    copied: whether an earlier run may have copied the old one to the name that it is to have; by:
    this run's own mark: of two runs the one that came last goes on, and the other stops at its
    next note.
    """

    place: Place
    old: str
    new: str
    copied: bool = False
    by: str = field(default_factory=lambda: uuid4().hex)

    def note(
        self, view: str, later: str | None = None, *, held: bool = False, before: str | None = None
    ) -> None:
        """For a run that goes on after this one: the view that the new version equals, the one that
        it is brought to, whether writes to the old one may be held, and the version that will be
        the one before. Raises RolloutError where another run has taken over."""
        parts = {"of": self.old, "view": view, "later": later, "before": before}
        note: dict[str, Any] = {name: part for name, part in parts.items() if part is not None}
        self._write(note | {"held": True} if held else note)

    def note_end(self, before: str) -> None:
        """For a rollback: the version before."""
        self._write({"before": before})

    def take_over(self) -> None:
        """Go on in place of another run, which has ended, or stops at its next note."""
        self.place.ask(take_over(self.new, self.by, self.place.target))

    def _write(self, note: Mapping[str, Any]) -> None:
        self.place.ask(write_note(self.new, {**note, "by": self.by}, self.place.target))
