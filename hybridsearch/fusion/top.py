"""The best candidates of a fused table; ties are broken by document id."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.fusion.table import Floats, Integers


def top(scores: Floats, ids: Sequence[str], k: int) -> Integers:
    """int64[min(k, n)]: rows by falling score, equal scores by rising id."""
    count = len(scores)
    if count > k:
        threshold = np.partition(scores, count - k)[count - k]
        rows = np.flatnonzero(scores >= threshold).tolist()
    else:
        rows = list(range(count))
    rows.sort(key=lambda row: (-scores[row], ids[row]))
    return np.array(rows[:k], dtype=np.int64)
