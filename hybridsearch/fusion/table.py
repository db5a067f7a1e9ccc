"""The score table: what a fusion sees, candidates by retrievers, as numpy arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Integers: TypeAlias = NDArray[np.int64]
Kind: TypeAlias = Literal["lexical", "dense"]


@dataclass(frozen=True)
class Column:
    """One retriever as fusion knows it: its name, its kind and its theoretical bounds."""

    name: str
    kind: Kind
    minimum: float
    maximum: float

    @classmethod
    def lexical(cls, name: str = "lexical") -> Column:
        """A BM25 retriever: scores from 0, without an upper bound."""
        return cls(name, "lexical", 0.0, np.inf)

    @classmethod
    def dense(cls, name: str = "dense") -> Column:
        """A retriever of unit vectors by dot product: scores from -1 to 1."""
        return cls(name, "dense", -1.0, 1.0)


@dataclass(frozen=True, eq=False)
class ScoreTable:
    """Candidates x retrievers.

    scores: float64[n, r], the retriever's true score; NaN where it is missing.
    ranks: int64[n, r], from 1, in the retriever's own list; 0 where the candidate is not in it.
    A cell with a score and rank 0 was completed: scored by the engine on request.
    """

    columns: tuple[Column, ...]
    scores: Floats
    ranks: Integers

    @property
    def scored(self) -> NDArray[np.bool_]:
        """bool[n, r]: the cells that have a score."""
        return ~np.isnan(self.scores)

    def with_scores(self, scores: Floats) -> ScoreTable:
        """The same candidates and ranks with other scores."""
        return ScoreTable(self.columns, scores, self.ranks)


@dataclass(frozen=True, eq=False)
class Fused:
    """What a fusion makes of a score table.

    scores: float64[n], the blended score; higher is better.
    normalised: float64[n, r], the scores on the fusion's common scale; NaN where nothing counted.
    weights: float64[r], each retriever's weight.
    contributions: float64[n, r], what each retriever added to the score: rows sum to `scores`
        where the fusion is a sum; NaN throughout where it is not (a geometric mean has no parts).
    """

    scores: Floats
    normalised: Floats
    weights: Floats
    contributions: Floats
