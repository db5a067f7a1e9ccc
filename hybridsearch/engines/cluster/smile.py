"""SMILE, the binary notation of JSON that Elasticsearch reads beside it.

A vector in digits is twice as long, and takes the client ten times as long to write. Only what bulk
requests need is here: no shared names or values and no raw bytes, so that the byte that parts
documents is in none of them. Source: https://github.com/FasterXML/smile-format-specification
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.model.written_fields import as_read_back

SEPARATOR: Final = b"\xff"

_HEADER: Final = b":)\n\x00"
_NULL, _FALSE, _TRUE = b"\x21", b"\x22", b"\x23"
_BEGIN_ARRAY, _END_ARRAY, _BEGIN_OBJECT, _END_OBJECT = b"\xf8", b"\xf9", b"\xfa", b"\xfb"
_EMPTY, _NAME, _TEXT, _END = b"\x20", b"\x34", b"\xe4", b"\xfc"
_32_BITS, _64_BITS, _MORE_BITS, _FLOAT_32, _FLOAT_64 = 0x24, 0x25, 0x26, 0x28, 0x29
_SEVEN: Final = 0x7F

Parts: TypeAlias = list[bytes]
# Where a vector goes: the parts of its document, and the position among them.
Places: TypeAlias = list[tuple[Parts, int, NDArray[np.float32]]]


def dumps(values: Sequence[Any]) -> list[bytes]:
    """Each value as a document of its own: all that `written` takes, numpy's vectors of float32 as
    numbers of 32 bits."""
    places: Places = []
    documents: list[Parts] = [[_HEADER] for _ in values]
    for value, parts in zip(values, documents, strict=True):
        _WRITERS.get(value.__class__, _other)(value, parts, places)
    # All at once: one by one, numpy takes most of its time to begin.
    for (parts, at, _), numbers in zip(places, vectors([row for *_, row in places]), strict=True):
        parts[at] = numbers
    return [b"".join(parts) for parts in documents]


def within(value: Any) -> bytes:
    """A value as it is within a document."""
    if value.__class__ is str:
        return b"".join((_TEXT, value.encode(), _END)) if value else _EMPTY
    if value.__class__ is int:
        return _whole(value)
    return dumps([value])[0][len(_HEADER) :]


def vectors(rows: Sequence[NDArray[np.float32]]) -> Iterator[bytes]:
    """The array of each vector: a token and five bytes of seven bits a number."""
    for begin in range(0, len(rows), _AT_ONCE):
        some = rows[begin : begin + _AT_ONCE]
        bits = np.concatenate(some).view(np.uint32)
        made = np.empty(len(bits), _FLOAT)
        made["high"] = (
            _FLOAT_32 | bits >> 20 & 0xF00 | bits >> 5 & 0x7F0000 | bits << 10 & 0x7F000000
        )
        made["low"] = bits >> 7 & 0x7F | bits << 8 & 0x7F00
        numbers = made.tobytes()
        end = 0
        for row in some:
            end, start = end + _FLOAT.itemsize * len(row), end
            yield b"%b%b%b" % (_BEGIN_ARRAY, numbers[start:end], _END_ARRAY)


def _other(value: Any, parts: Parts, places: Places) -> None:
    """A date, say: as it is in JSON."""
    plain = as_read_back(value)
    _WRITERS[plain.__class__](plain, parts, places)


def _object(value: Mapping[str, Any], parts: Parts, places: Places) -> None:
    parts.append(_BEGIN_OBJECT)
    for name, part in value.items():
        parts.append(_name(name))
        _WRITERS.get(part.__class__, _other)(part, parts, places)
    parts.append(_END_OBJECT)


def _array(value: Sequence[Any], parts: Parts, places: Places) -> None:
    parts.append(_BEGIN_ARRAY)
    for part in value:
        _WRITERS.get(part.__class__, _other)(part, parts, places)
    parts.append(_END_ARRAY)


def _vector(value: NDArray[Any], parts: Parts, places: Places) -> None:
    if value.dtype != np.float32 or value.ndim != 1:
        _array(value.tolist(), parts, places)
        return
    places.append((parts, len(parts), value))
    parts.append(b"")


def _text(value: str, parts: Parts, _: Places) -> None:
    parts.append(within(value))


def _constant(value: bool | None, parts: Parts, _: Places) -> None:
    parts.append(_NULL if value is None else _TRUE if value else _FALSE)


def _integer(value: int, parts: Parts, _: Places) -> None:
    parts.append(_whole(value))


def _number(value: float, parts: Parts, _: Places) -> None:
    bits = int.from_bytes(struct.pack(">d", value), "big")
    sevens = (bits >> shift & _SEVEN for shift in range(63, -1, -7))
    # Others are null in JSON.
    parts.append(bytes((_FLOAT_64, *sevens)) if math.isfinite(value) else _NULL)


@lru_cache(maxsize=1000)
def _name(name: str) -> bytes:
    return _NAME + name.encode() + _END if name else _EMPTY


@lru_cache(maxsize=1000)
def _whole(value: int) -> bytes:
    zigzag = value << 1 if value >= 0 else (~value << 1) | 1
    if zigzag < 1 << 5:
        return bytes((0xC0 + zigzag,))
    if zigzag < 1 << 32:
        return bytes((_32_BITS, *_variable(zigzag)))
    if zigzag < 1 << 64:
        return bytes((_64_BITS, *_variable(zigzag)))
    raw = value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)
    return bytes((_MORE_BITS, *_variable(len(raw)), *_sevens(raw)))


def _variable(value: int) -> list[int]:
    """Seven bits a byte, six in the last one, which is marked."""
    made = [0x80 | value & 0x3F]
    value >>= 6
    while value:
        made.append(value & _SEVEN)
        value >>= 7
    return made[::-1]


def _sevens(raw: bytes) -> Iterator[int]:
    """Seven bits a byte, in the last one as many as are left."""
    bits = int.from_bytes(raw, "big")
    for shift in range(len(raw) * 8 - 7, -7, -7):
        yield bits >> shift & _SEVEN if shift >= 0 else bits & (1 << shift + 7) - 1


_AT_ONCE: Final = 32
"""Vectors whose numbers stay in the processor's cache."""

_FLOAT: Final = np.dtype([("high", "<u4"), ("low", "<u2")])


_WRITERS: Final[Mapping[type, Callable[[Any, Parts, Places], None]]] = {
    str: _text,
    int: _integer,
    float: _number,
    bool: _constant,
    type(None): _constant,
    dict: _object,
    list: _array,
    tuple: _array,
    np.ndarray: _vector,
}
