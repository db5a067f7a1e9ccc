"""The digest of a document as it was given, by which a changed one is told from an equal one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from operator import itemgetter
from typing import Any, Final

import numpy as np
import orjson
import xxhash
from numpy.typing import NDArray

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.model.digests import UNTOLD
from hybridsearch.model.written_fields import canonical_json

# None is a byte of UTF-8: what ends a name or a value, and what begins a value in JSON, or vectors.
_END: Final = b"\xff"
_JSON: Final = b"\xfe"
_VECTORS: Final = b"\xfd"
_QUOTE: Final = ord('"')


def document_digest(fields: Mapping[str, Any], given: Mapping[str, PassageVectors]) -> str | None:
    """32 hexadecimal digits of a document's fields and of the vectors that it brings.

    Vectors that were encoded from its text are no part of it: the fields tell them. None where it
    is not known which those are. Raises TypeError and ValueError for what cannot be kept as JSON.

    XXH3 of 128 bits, for which nobody can be kept from making two documents of one digest; whoever
    could gain by that writes the documents anyway.
    """
    parts: list[bytes] = []
    for name in sorted(fields):
        if name.__class__ is not str:
            raise TypeError("a field's name must be a plain string")
        value = fields[name]
        if isinstance(value, str):
            text = value.encode()
        elif (text := canonical_json(value))[0] != _QUOTE:
            text = _JSON + text
        else:  # a date, say, which is read back as text
            text = orjson.loads(text).encode()
        parts += (name.encode(), text)
    made = xxhash.xxh3_128(_END.join(parts))
    for name in sorted(given):
        vectors, digest = given[name].vectors, given[name].digest
        if not len(vectors):
            continue
        if digest == UNTOLD:
            return None
        if digest is not None:
            continue
        made.update(_heading(name, vectors.shape))
        made.update(vectors.astype("<f4", copy=False).tobytes())
    return made.hexdigest()


def document_digests(
    names: Sequence[str], columns: Sequence[Sequence[Any]], given: Mapping[str, NDArray[np.float32]]
) -> list[str]:
    """The same of many documents that have these fields, each with texts alone or with numbers and
    booleans alone, and one vector of every field that is given, float32[n, dims]."""
    parts: list[Sequence[bytes]] = []
    for name, values in sorted(zip(names, columns, strict=True), key=itemgetter(0)):
        parts += ([name.encode()] * len(values), _encoded(values))
    count = len(next(iter(given.values())))
    told: list[Iterable[Any]] = [map(_END.join, zip(*parts, strict=True))] if parts else []
    for name in sorted(given):
        vectors = np.ascontiguousarray(given[name], "<f4")
        told += (repeat(_heading(name, (1, vectors.shape[1])), count), vectors)
    return [xxhash.xxh3_128_hexdigest(b"".join(one)) for one in zip(*told, strict=True)]


def _encoded(values: Sequence[Any]) -> list[bytes]:
    if isinstance(values[0], str):
        return [value.encode() for value in values]
    # No number has a comma within.
    return [_JSON + value for value in canonical_json(list(values))[1:-1].split(b",")]


@lru_cache(maxsize=1000)
def _heading(name: str, shape: tuple[int, ...]) -> bytes:
    return _VECTORS + f"{name} {shape}\n".encode()
