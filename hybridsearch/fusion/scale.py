"""A score table on one scale: missing cells filled, every column normalised."""

from __future__ import annotations

import numpy as np

from hybridsearch.fusion.missing import filled
from hybridsearch.fusion.normalise import RANK, normalisation
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.table import Floats, ScoreTable


def normalised(table: ScoreTable, normalise: str, missing: Missing) -> Floats:
    """float64[n, r]; NaN only where the policy is "ignore" and the score is missing."""
    if normalise == RANK:
        return _by_rank(table, missing)
    fit = normalisation(normalise)
    scores = filled(table, missing)
    result = np.empty_like(scores)
    for position, column in enumerate(table.columns):
        given = table.scores[:, position]
        scored = given[~np.isnan(given)]
        if len(scored) == 0:
            result[:, position] = np.nan if missing == "ignore" else 0.0
        else:
            result[:, position] = fit(scored, column)(scores[:, position])
    # A normalisation may give every cell the same number, where all scores are equal.
    return np.where(np.isnan(scores), np.nan, result) if missing == "ignore" else result


def _by_rank(table: ScoreTable, missing: Missing) -> Floats:
    """1 - (rank - 1) / n over the n candidates of each list; whoever is not in it gets 0."""
    listed = table.ranks > 0
    count = np.maximum(listed.sum(axis=0), 1)
    absent = np.nan if missing == "ignore" else 0.0
    result: Floats = np.where(listed, 1.0 - (table.ranks - 1) / count, absent)
    return result
