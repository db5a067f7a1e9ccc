"""Vectors in decimal digits: each number reads back as it was, to the last bit."""

from __future__ import annotations

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from vectors import random_units

from hybridsearch.engines.cluster.digits import digits

ANY = st.floats(width=32, allow_nan=False, allow_infinity=False)
USUAL = st.floats(2.0**-96, 8, width=32) | st.floats(-8, -(2.0**-96), width=32)
VECTORS = [arrays(np.float32, st.integers(0, 8), elements=some) for some in (USUAL, ANY)]


def read(written: bytes) -> np.ndarray:
    return np.array(orjson.loads(b"[" + written + b"]"), dtype=np.float32)


@given(st.lists(st.one_of(VECTORS), max_size=40))
def test_numbers_read_back_as_they_were(vectors: list[np.ndarray]) -> None:
    written = list(digits(vectors))
    assert len(written) == len(vectors)
    for vector, one in zip(vectors, written, strict=True):
        np.testing.assert_array_equal(read(one), vector)


def test_every_power_of_two_and_its_neighbours_read_back() -> None:
    bits = np.arange(1, 255, dtype=np.uint32) << 23
    near = np.concatenate([bits - 1, bits, bits + 1]).view(np.float32)
    numbers = np.concatenate([near, -near])
    numbers = numbers[np.isfinite(numbers)]
    usual = numbers[(np.abs(numbers) > 1e-29) & (np.abs(numbers) < 9)]
    for some in (numbers, usual):
        (written,) = digits([some])
        np.testing.assert_array_equal(read(written).view(np.uint32), some.view(np.uint32))


def test_powers_of_ten_and_their_neighbours_read_back() -> None:
    tens = np.array([10.0**power for power in range(-29, 1)], np.float32)
    near = [np.nextafter(tens, np.float32(0)), tens, np.nextafter(tens, np.float32(10))]
    numbers = np.concatenate([*near, *(-one for one in near)])
    (written,) = digits([numbers])
    assert len(written) == 16 * len(numbers) - 2
    np.testing.assert_array_equal(read(written), numbers)


@pytest.mark.parametrize("seed", range(5))
def test_a_million_numbers_of_unit_vectors_read_back(seed: int) -> None:
    vectors = random_units(260, dims=768, seed=seed)
    for vector, written in zip(vectors, digits(list(vectors)), strict=True):
        assert len(written) == 16 * 768 - 2
        assert read(written).tobytes() == vector.tobytes()


def test_what_has_no_nine_digits_is_written_as_it_is_elsewhere() -> None:
    vectors = [np.array([0.6, 0.0, -0.8], np.float32), np.array([1e-35, 20.0], np.float32)]
    assert list(digits(vectors)) == [b"0.6,0.0,-0.8", b"1e-35,20.0"]
