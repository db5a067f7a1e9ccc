"""Vectors of many documents checked together: each as if it were alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch import Document, Schema
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.batch import make_batch
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import stretches

SCHEMA = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 2}})
GOOD: list[Any] = [
    [0.6, 0.8],
    np.array([0.6, 0.8]),
    np.array([0.6, 0.8], np.float16),
    np.array([0, 1]),
    np.array([1.2, 1.6])[::1] / 2,
]
BAD: list[Any] = [
    [True, False],
    np.array([True, False]),
    np.array([0.6, 0.8], object),
    np.array([0.6, 0.8 + 0j]),
    [0.6, "0.8"],
    [0.6, None],
    [0.6],
    [0.6, 0.9],
    [float("nan"), 1.0],
]


def reasons(vectors: list[Any]) -> dict[str, str]:
    """Why documents with these vectors are refused, by their ids."""
    records = [Document(str(at), {"title": "x"}, {"dense": one}) for at, one in enumerate(vectors)]
    (stretch,) = stretches(records, 0, SCHEMA)
    batch = make_batch(1, stretch, {}, Rules(SCHEMA, encodes=False))
    assert len(batch.documents) + len(batch.refused) == len(vectors)
    return {one.error.id or "": one.error.reason for one in batch.refused}


@pytest.mark.parametrize("bad", BAD, ids=repr)
def test_what_lies_beside_a_vector_changes_nothing(bad: Any) -> None:
    (alone,) = reasons([bad]).values()
    for at in range(len(GOOD) + 1):
        among = reasons([*GOOD[:at], bad, *GOOD[at:]])
        assert among == {str(at): alone}


def test_good_vectors_are_taken_together() -> None:
    assert reasons(GOOD * 20) == {}


def test_the_reason_is_that_of_the_field() -> None:
    (stretch,) = stretches([Document("a", {}, {"dense": [True, False]})], 0, SCHEMA)
    (refused,) = make_batch(1, stretch, {}, Rules(SCHEMA, encodes=False)).refused
    assert isinstance(refused.error, DocumentError)
    assert refused.error.field == "dense"
    assert "list of numbers" in refused.error.reason
