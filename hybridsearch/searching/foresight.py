"""Whether it pays to bring documents along before it is known that they are among the best.

With the candidates, that saves a trip where no score is missing that matters and the guess at the
best was right; with the missing scores, where the best are among those that looked best without
them. Where that is rare, as on collections whose retrievers agree little, it only makes the
earlier trip longer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

_WEIGHT: Final = 0.1


class Saving:
    """How often a trip was saved lately, as an index's searches tell it; least: how often that has
    to be.

    Searches of several threads share it: one lost tells little, so there is no lock.
    """

    def __init__(self, least: float) -> None:
        self._least = least
        self._saved = 1.0

    @property
    def pays(self) -> bool:
        """Whether the next search should bring documents along."""
        return self._saved >= self._least

    def learn(self, *, saved: bool) -> None:
        """Count a search that needed no further trip, or would have needed none, or did need it."""
        self._saved += _WEIGHT * (saved - self._saved)


@dataclass(frozen=True)
class Foresight:
    """Of one index: of documents with the candidates, and with the missing scores.

    The shares are those where both ways take about as long on real servers: with the candidates the
    server has to make the guess, with the scores there are only the documents to be read.
    """

    candidates: Saving = field(default_factory=lambda: Saving(0.5))
    scores: Saving = field(default_factory=lambda: Saving(0.35))
