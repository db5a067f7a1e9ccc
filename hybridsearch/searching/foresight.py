"""Whether it pays to bring documents along with the candidates.

It saves a trip where no score is missing that matters and the guess at the best was right. Where
that is rare, as on collections whose retrievers agree little, it only makes the first trip longer.
"""

from __future__ import annotations

from typing import Final

# With half of the searches saved a trip, both ways take about as long on real servers.
_LEAST: Final = 0.5
_WEIGHT: Final = 0.1


class Foresight:
    """How often a trip was saved lately, as an index's searches tell it.

    Searches of several threads share it: one lost tells little, so there is no lock.
    """

    def __init__(self) -> None:
        self._saved = 1.0

    @property
    def pays(self) -> bool:
        """Whether the next search should bring documents along."""
        return self._saved >= _LEAST

    def learn(self, *, saved: bool) -> None:
        """Count a search that needed no second trip, or would have needed none, or did need it."""
        self._saved += _WEIGHT * (saved - self._saved)
