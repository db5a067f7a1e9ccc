"""Which ids have come before in a source, in 8 bytes each."""

from __future__ import annotations

import sys
from collections.abc import Collection
from typing import Final

import numpy as np
from numpy.typing import NDArray

MOST: Final = 4_000_000
_RECENT: Final = 50_000


class Seen:
    """Ids by their hashes, at most `most` of them, so that a source of any length takes a bounded
    amount of memory: those that come later are not remembered. None: all are."""

    def __init__(self, most: int | None = MOST) -> None:
        self.all_of_them = True
        self._most = sys.maxsize if most is None else most
        self._recent: set[int] = set()
        self._known: NDArray[np.int64] = np.empty(0, np.int64)

    def add(self, ids: Collection[str]) -> int:
        """How many of these ids, all different, came before; the others are remembered."""
        hashes = np.fromiter(map(hash, ids), np.int64, len(ids))
        new = set(hashes[~self._knows(hashes)].tolist())
        again = len(ids) - len(new) + len(new & self._recent)
        room = self._most - len(self._known) - len(self._recent)
        if room >= len(new):
            self._recent |= new
        else:
            self.all_of_them = False
        if len(self._recent) > _RECENT:
            recent = np.fromiter(self._recent, np.int64, len(self._recent))
            self._known = np.concatenate([self._known, recent])
            self._known.sort()
            self._recent = set()
        return again

    def known(self, ids: Collection[str]) -> list[bool]:
        """Whether each of these came before."""
        hashes = np.fromiter(map(hash, ids), np.int64, len(ids))
        older = self._knows(hashes).tolist()
        recent = (one in self._recent for one in hashes.tolist())
        return [one or other for one, other in zip(older, recent, strict=True)]

    def _knows(self, hashes: NDArray[np.int64]) -> NDArray[np.bool_]:
        if not len(self._known):
            return np.zeros(len(hashes), np.bool_)
        at = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        return np.asarray(self._known[at] == hashes)
