"""The best candidates of a fused table; ties are broken by document id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.fusion.table import Floats, Integers


def top(scores: Floats, ids: Sequence[str], k: int) -> Integers:
    """int64[min(k, n)]: rows by falling score, equal scores by rising id. No score is NaN."""
    count = len(scores)
    if k < 1:
        return np.empty(0, dtype=np.int64)
    if count > k:
        threshold = np.partition(scores, count - k)[count - k]
        rows = np.flatnonzero(scores >= threshold)
    else:
        rows = np.arange(count)
    # Plain numbers: sorting compares them several times, and numpy's own are slow to compare.
    ranked = sorted(
        (negated, ids[row], row)
        for negated, row in zip((-scores[rows]).tolist(), rows.tolist(), strict=True)
    )
    return np.array([row for _, _, row in ranked[:k]], dtype=np.int64)
