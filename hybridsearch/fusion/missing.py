"""What counts where a retriever did not score a candidate: the policies for missing scores."""

from __future__ import annotations

from typing import get_args

import numpy as np

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.protocol import Missing
from hybridsearch.fusion.table import Floats, ScoreTable

POLICIES: tuple[str, ...] = get_args(Missing)


def filled(table: ScoreTable, missing: Missing) -> Floats:
    """The scores float64[n, r] with missing cells filled by the policy; NaN with "ignore".

    "complete" fills like "minimum": what the engine was not asked for, or has no score for.
    """
    if missing == "ignore":
        return table.scores
    scores = table.scores.copy()
    for position, column in enumerate(table.columns):
        holes = np.isnan(scores[:, position])
        if not holes.any():
            continue
        fill = column.minimum
        if missing == "worst":
            listed = table.scores[table.ranks[:, position] > 0, position]
            fill = float(listed.min()) if len(listed) else fill
        scores[holes, position] = fill
    return scores


def check_missing(missing: object) -> None:
    """Raises ConfigurationError for anything but a policy."""
    if not isinstance(missing, str):
        raise ConfigurationError(f"missing must be one of {', '.join(POLICIES)}, not {missing!r}")
    if missing not in POLICIES:
        raise UnknownNameError("policy for missing scores", missing, POLICIES)
