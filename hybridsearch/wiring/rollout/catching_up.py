"""Catching up: what is written to the old version during a roll-out reaches the new one.

The old version is compared with a view of itself, so that nothing is asked of whoever writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from hybridsearch.engines.calls import Scanned
from hybridsearch.engines.cluster.scanning import read, scan
from hybridsearch.engines.cluster.views import Entry, all_entries, changes, list_entries
from hybridsearch.engines.pages import pages
from hybridsearch.model.document import Document
from hybridsearch.wiring.requests import next_page
from hybridsearch.wiring.rollout.place import Place, Version

_BATCH = 500


def entries(place: Place, version: Version, view: str | None = None) -> Iterator[Entry]:
    """All entries of a version, or of a view of it, by rising id."""
    index = version.engine.index
    id = index.shape.id
    if id is None:
        return iter(place.ask(all_entries(index.name, view, place.target)))
    of = version.name if view is None else view

    def ask(after: str | None) -> Sequence[Entry]:
        return place.ask(list_entries(of, after, place.target, view=view is not None, id=id))

    return pages(ask)


def documents_in(
    old: Version, view: str, after: str | None, *, vectors: bool
) -> Iterator[Document]:
    """The documents of a view after an id, as `add` takes them."""

    def ask(last: str | None) -> Sequence[Document]:
        call = next_page(last, vectors=vectors)
        page: Scanned = old.engine.ask(scan(call, old.engine.index, view))
        return page.documents

    return pages(ask, after)


def first_gap(view: Iterator[Entry], new: Iterator[Entry]) -> str | None:
    """The last id up to which the new version has every document of the view: a load that was cut
    off goes on after it. None where it has to begin."""
    reached = None
    there = next(new, None)
    for entry in view:
        while there is not None and there.id < entry.id:
            there = next(new, None)
        if there is None or there.id != entry.id:
            return reached
        reached = entry.id
    return reached


class Caught:
    """What the new version was given again: count is of documents written and deleted, refused are
    the ids of those that it would not take. check: is called before anything is done."""

    def __init__(
        self, old: Version, new: Version, *, vectors: bool, check: Callable[[], None]
    ) -> None:
        self.count = 0
        self.refused: set[str] = set()
        self._old = old.engine
        self._new = new.index
        self._vectors = vectors
        self._check = check

    def up(self, before: Iterator[Entry], now: Iterator[Entry]) -> int:
        """Do to the new version what was done to the old one between `before` and `now`; returns
        to how many documents."""
        written: list[str] = []
        gone: list[str] = []
        begin = self.count
        for id, there in changes(before, now):
            self.count += 1
            (written if there else gone).append(id)
            if len(written) + len(gone) >= _BATCH:
                self._do(written, gone)
                written, gone = [], []
        self._do(written, gone)
        return self.count - begin

    def _do(self, written: Sequence[str], gone: Sequence[str]) -> None:
        if written or gone:
            self._check()
        if gone:
            self._new.delete(gone)
        if written:
            asked = read(written, self._old.index, vectors=self._vectors)
            found: Scanned = self._old.ask(asked)
            report = self._new.add(found.documents)
            self.refused.update(failure.id for failure in report.failures if failure.id)
