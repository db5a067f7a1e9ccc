"""Vectors that callers bring: what is accepted, and why the others are not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch.encoding.given import accept, accept_many, accept_query
from hybridsearch.errors import DocumentError, QueryError

UNIT = [0.6, 0.8, 0.0]


@pytest.mark.parametrize(
    "vector",
    [
        UNIT,
        tuple(UNIT),
        [1, 0, 0],
        np.array(UNIT),
        np.array(UNIT, dtype=np.float32),
        np.array(UNIT, dtype=np.float16),
        np.array([UNIT]),
        [UNIT],
    ],
)
def test_one_vector_in_any_form(vector: Any) -> None:
    accepted = accept(vector, dims=3)
    assert accepted.dtype == np.float32
    assert accepted.shape == (1, 3)
    assert np.linalg.norm(accepted[0]) == pytest.approx(1, abs=1e-7)


def test_what_is_unit_length_as_far_as_float32_can_say_stays_as_it_is() -> None:
    rows = np.random.default_rng(7).standard_normal((500, 768)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    accepted, reasons = accept_many(list(rows), dims=768)
    assert accepted.tobytes() == rows.tobytes()
    assert not reasons
    assert not np.shares_memory(accepted, rows)
    longer = rows * np.float32(1.0005)
    mixed = [longer[at] if at % 3 else rows[at] for at in range(500)]
    among = accept_many(mixed, dims=768)[0]
    assert among[::3].tobytes() == rows[::3].tobytes()
    assert np.abs(np.linalg.norm(among.astype(np.float64), axis=1) - 1).max() < 2e-7
    alone = [accept(one, dims=768)[0] for one in mixed]
    assert among.tobytes() == np.array(alone).tobytes(), "whatever lies beside a vector"


def test_vectors_of_a_document_s_passages() -> None:
    assert accept(np.eye(3), dims=3).tolist() == np.eye(3).tolist()


@pytest.mark.parametrize(
    ("vector", "reason"),
    [
        ([1.0, 0.0], "2 numbers, and the field's vectors have 3"),
        ([], "0 numbers"),
        ([0.6, float("nan"), 0.8], "NaN or infinity"),
        ([0.6, float("inf"), 0.8], "NaN or infinity"),
        ([0.0, 0.0, 0.0], "every number in it is 0"),
        ([3.0, 4.0, 0.0], r"length is 5, not 1.*normalise_vectors=True"),
        ([1e200, 0.0, 0.0], r"length is 1e\+200"),
        (["0.6", "0.8", "0"], "list of numbers"),
        ([None, 0.8, 0.6], "list of numbers"),
        ([[1.0, 0.0, 0.0], [1.0]], "not of one length"),
        (1.0, "list of numbers"),
        ("text", "list of numbers"),
        ([UNIT, [3.0, 4.0, 0.0]], "vector 1: its length is 5"),
    ],
)
def test_refused_with_the_document_s_id_and_field(vector: Any, reason: str) -> None:
    with pytest.raises(DocumentError, match=rf"document 'd1', field 'body': .*{reason}"):
        accept(vector, dims=3, id="d1", field="body")


def test_normalising_where_asked() -> None:
    for vector in ([3.0, 4.0, 0.0], [3e200, 4e200, 0.0], [3e-310, 4e-310, 0.0]):
        accepted = accept(vector, dims=3, normalise=True)
        np.testing.assert_allclose(accepted, [UNIT], rtol=1e-6)


@pytest.mark.parametrize("vector", [[0.0, 0.0, 0.0], [float("nan"), 1.0, 0.0]])
def test_nothing_makes_these_unit_length(vector: list[float]) -> None:
    with pytest.raises(DocumentError):
        accept(vector, dims=3, normalise=True)


def test_many_at_once_name_the_offending_ones() -> None:
    vectors = [UNIT, [1.0, 1.0, 0.0], [float("nan")] * 3, [0.0] * 3, [0.0, 1.0, 0.0]]
    accepted, reasons = accept_many(vectors, dims=3)
    assert list(reasons) == [1, 2, 3]
    np.testing.assert_allclose(accepted[[0, 4]], [UNIT, [0.0, 1.0, 0.0]], atol=1e-7)
    assert not accepted[[1, 2, 3]].any()


def test_many_of_different_lengths_and_kinds() -> None:
    vectors = [UNIT, [1.0], None, np.array(UNIT), [UNIT], "x"]
    accepted, reasons = accept_many(vectors, dims=3)
    assert list(reasons) == [1, 2, 4, 5]
    np.testing.assert_allclose(accepted[[0, 3]], [UNIT, UNIT], atol=1e-7)


def test_many_of_none() -> None:
    accepted, reasons = accept_many([], dims=3)
    assert accepted.shape == (0, 3)
    assert reasons == {}


def test_many_normalised_where_asked() -> None:
    accepted, reasons = accept_many([[2.0, 0.0], [0.0, 0.0]], dims=2, normalise=True)
    assert accepted.tolist() == [[1.0, 0.0], [0.0, 0.0]]
    assert list(reasons) == [1]


def test_what_was_given_is_left_as_it_was() -> None:
    vector = np.array([3.0, float("nan")])
    accept_many([vector, vector], dims=2)
    with pytest.raises(DocumentError):
        accept(vector, dims=2)
    assert vector[0] == 3.0
    assert np.isnan(vector[1])


def test_query_vectors() -> None:
    accepted = accept_query([0.6, 0.8], dims=2)
    assert accepted.shape == (2,)
    with pytest.raises(QueryError, match="query vector for the field 'body': 2 numbers"):
        accept_query([0.6, 0.8], dims=3, field="body")
    with pytest.raises(QueryError, match=r"query vector: its length is 2.*by its length$"):
        accept_query([2.0, 0.0], dims=2)
