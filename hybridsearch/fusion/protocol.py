"""What every fusion is: a frozen dataclass with its parameters and one method."""

from __future__ import annotations

from typing import Literal, Protocol, TypeAlias

from hybridsearch.fusion.table import Fused, ScoreTable

Missing: TypeAlias = Literal["complete", "minimum", "worst", "ignore"]


class Fusion(Protocol):
    """Score table to one score per candidate.

    `missing` says what happens where a retriever did not score a candidate: "complete" asks the
    engine for the score before fusing (what is still missing then counts as the minimum),
    "minimum" counts the retriever's theoretical minimum, "worst" the worst score in its list,
    "ignore" blends what is there. Fusions by rank have "ignore".
    """

    @property
    def missing(self) -> Missing: ...

    def fuse(self, table: ScoreTable) -> Fused:
        """Blend; a pure function of the table."""
        ...

    def separable(self, table: ScoreTable) -> bool:
        """Whether filling a missing cell with anything from the retriever's minimum to the worst
        score in its list can change that candidate's score only, and never lowers it when the
        cell's score rises. Where true, bounds decide which cells completion needs to ask for."""
        ...
