"""Vectors in decimal digits, as JSON has them: many numbers at once, in a third of the time.

Each number takes 16 bytes: nine digits without a point, which tell every number of 32 bits from its
neighbours, and a power of ten, as in `-481664129e-10`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from hybridsearch.model.written_fields import written

T = TypeVar("T", bound=np.generic)
Float32 = NDArray[np.float32]
Words = NDArray[np.uint32]

_BYTES: Final = 16
# Vectors whose numbers stay in the processor's cache.
_AT_ONCE: Final = 32
# Of a number's 32 bits, those that its power of ten depends on: sign, exponent, first digits.
_LEADING: Final = 16
# Between these, a negative power of two digits is enough.
_LEAST: Final = 1e-30
_MOST: Final = 10.0


def digits(vectors: Sequence[Float32]) -> Iterator[bytes]:
    """What is within the array of each vector float32[n]."""
    for begin in range(0, len(vectors), _AT_ONCE):
        some = vectors[begin : begin + _AT_ONCE]
        numbers = _written(np.concatenate(some))
        end = 0
        for vector in some:
            end, start = end + len(vector), end
            if numbers is None or not len(vector):
                yield written(vector)[1:-1]
            else:
                yield numbers[start * _BYTES : end * _BYTES - 2]


def _written(numbers: Float32) -> bytes | None:
    """All of them, each with a comma after it; None where one is zero or out of range."""
    sizes = np.abs(numbers)
    if not (len(sizes) and sizes.min() > _LEAST and sizes.max() < _MOST):
        return None
    tables = _tables()
    leading = (numbers.view(np.uint32) >> _LEADING).astype(np.intp)
    nine = np.rint(numbers * _taken(tables.scale, leading)).astype(np.int32)
    seven = nine // np.int32(100)
    three = seven // np.int32(10_000)
    nine -= seven * np.int32(100)
    seven -= three * np.int32(10_000)
    three += np.signbit(numbers) * np.int32(1000)
    made = np.empty((len(numbers), 4), np.uint32)
    made[:, 0] = _taken(tables.first, three)
    made[:, 1] = _taken(tables.middle, seven)
    made[:, 2] = _taken(tables.last, nine)
    made[:, 3] = _taken(tables.power, leading)
    return made.tobytes()


def _taken(table: NDArray[T], places: NDArray[np.signedinteger[Any]]) -> NDArray[T]:
    return table.take(places, mode="wrap")  # none is out of range: not to look is faster


class _Tables(NamedTuple):
    """Four characters each of the first three digits, positive and then negative, of the next four,
    and of the last two; by leading bits, the power of ten, and what makes nine digits of a number.
    """

    first: Words
    middle: Words
    last: Words
    power: Words
    scale: NDArray[np.float64]


@cache
def _tables() -> _Tables:
    leading = np.arange(1 << _LEADING, dtype=np.uint32)
    # The largest number that begins like this must not be given a tenth digit.
    largest = ((leading & 0x7FFF) << 16 | 0xFFFF).view(np.float32)
    inside = (largest > _LEAST) & (largest < 2 * _MOST)
    power = np.zeros(len(leading))
    power[inside] = 8 - np.floor(np.log10(largest[inside].astype(np.float64)))
    scale = 10.0**power
    return _Tables(
        _words(f"{sign}{three}".rjust(4) for sign in ("", "-") for three in range(1000)),
        _words(f"{four:04}" for four in range(10_000)),
        _words(f"{two:02}e-" for two in range(100)),
        _words(f"{int(one):02}, " for one in power.tolist()),
        np.where(leading >> 15, -scale, scale),
    )


def _words(texts: Iterable[str]) -> Words:
    words: Words = np.array([text.encode() for text in texts], "S4").view(np.uint32)
    return words
