"""A roll-out that is under way: what it notes in the new version, and that no other takes part."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar
from uuid import uuid4

from hybridsearch.engines.cluster.notes import check_mark, take_over, write_note
from hybridsearch.errors import EngineError, RolloutError
from hybridsearch.wiring.pulling import many
from hybridsearch.wiring.rollout.place import Place

# How often a run looks whether another has taken over, and how long that one lets it do so.
_LOOK_SECONDS: Final = 1.0
_WAIT_SECONDS: Final = 3.0

T = TypeVar("T")


@dataclass(frozen=True)
class UnderWay:
    """One run, from the old version to the new one, by their names.

    old: "" where nothing serves yet; copied: whether an earlier run may have copied the old one to
    the name that it is to have; by: this run's own mark: of two runs the one that came last goes
    on, and the other stops at its next note.
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

    def note_end(self, before: str | None) -> None:
        """For a rollback: the version before, where there is one."""
        self._write({"before": before})

    def take_over(self) -> None:
        """Go on in place of another run, which has ended, or ends before this returns."""
        self.place.ask(take_over(self.new, self.by, self.place.target))
        time.sleep(_WAIT_SECONDS)

    def check(self) -> None:
        """Raises RolloutError where another run has taken over."""
        self.place.ask(check_mark(self.new, self.by, self.place.target))

    def alone(self, items: Iterable[T]) -> Iterator[T]:
        """The same, for as long as no other run has taken over; raises RolloutError then."""
        looked = -math.inf
        for item in many(items):
            if time.monotonic() - looked >= _LOOK_SECONDS:
                self.check()
                looked = time.monotonic()
            yield item

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Where the block fails since another run has taken over, that is the error."""
        try:
            yield
        except EngineError as error:
            try:
                self.check()
            except RolloutError as taken:
                raise taken from error
            except EngineError:
                pass
            raise

    def _write(self, note: Mapping[str, Any]) -> None:
        self.place.ask(write_note(self.new, {**note, "by": self.by}, self.place.target))
