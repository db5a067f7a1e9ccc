"""Batches of records are bounded by their size, whatever it is that makes them large."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch.indexing.records import Pull
from hybridsearch.model.operation import Update
from hybridsearch.wiring.pulling import Puller

LONG = "x" * 100_000


@pytest.mark.parametrize(
    "value",
    [
        LONG,
        LONG.encode(),
        ["", LONG],
        {"about": {"pages": [{"text": LONG}]}},
        [{}, {"text": LONG}],
        [0.5] * 12_500,
        [[0.5] * 6_250] * 2,
        np.zeros(25_000, np.float32),
    ],
)
def test_large_values_end_a_batch_wherever_they_are(value: Any) -> None:
    records = [{"id": "a", "field": value}, Update("b", {"field": value}), {"id": "c"}]
    puller = Puller(iter(records))
    sizes = []
    while records := list(puller.pull(Pull(500, 100_000)).records):
        sizes.append(len(records))
    assert sizes == [1, 1, 1]
