"""How fast documents are sent to an index: what its server has shown it can take."""

from __future__ import annotations

import math
import time
from typing import Final

BULK_BYTES: Final = 8_000_000
LEAST_BYTES: Final = 100_000
LOOK_SECONDS: Final = 3.0


class Pace:
    """The size of bulk requests, shared by all that are in flight: halved where the server has no
    room, never again so large as one that it would not take, and otherwise growing slowly.

    patience: seconds without a single document stored, by whichever request, after which it is
    given up.
    """

    def __init__(self, patience: float = 120.0) -> None:
        self.patience = patience
        self.bytes = BULK_BYTES
        self._most = BULK_BYTES
        self._looked = -math.inf
        self._stored = -math.inf

    def got_through(self) -> None:
        """Documents were stored, or refused for good, just now."""
        self._stored = time.monotonic()

    def left(self, begin: float) -> float:
        """Seconds of patience that a write has left which began at that moment."""
        return max(begin, self._stored) + self.patience - time.monotonic()

    def went_well(self) -> None:
        """A request was taken whole."""
        self.bytes = min(self._most, self.bytes + self.bytes // 10)

    def no_room(self) -> None:
        """A request, or a part of it, was refused for lack of room."""
        self.bytes = min(self._most, max(LEAST_BYTES, self.bytes // 2))

    def too_large(self, size: int) -> None:
        """A request of so many bytes was too large for the server, or for a proxy before it."""
        self._most = min(self._most, max(size // 2, 1))
        self.bytes = min(self.bytes, self._most)

    @property
    def looks(self) -> bool:
        """Whether it is time to look if the index is still there."""
        return time.monotonic() - self._looked >= LOOK_SECONDS

    @property
    def has_looked(self) -> bool:
        """Whether it was looked at since the last commit: documents may have been sent."""
        return self._looked > -math.inf

    def looked(self) -> None:
        """It was there just now."""
        self._looked = time.monotonic()

    def look_again(self) -> None:
        """What was seen before counts no more."""
        self._looked = -math.inf
