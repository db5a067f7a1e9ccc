"""The digest of a document as it was given, by which a changed one is told from an equal one."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.model.digests import DIGEST_DIGITS, UNTOLD

_AT_ONCE: Final = 2047
"""Bytes. For more, hashlib lets other threads run meanwhile, and while others compute, getting its
turn back takes far longer than a vector does."""


def document_digest(canonical: bytes, given: Mapping[str, PassageVectors]) -> str | None:
    """32 hexadecimal digits of a document's fields and of the vectors that it brings.

    canonical: the fields as JSON, sorted by name on every level. Vectors that were encoded from
    its text are no part of it: the fields tell them. None where it is not known which those are.
    """
    made = hashlib.sha256(canonical)
    for name in sorted(given):
        vectors, digest = given[name].vectors, given[name].digest
        if not len(vectors):
            continue
        if digest == UNTOLD:
            return None
        if digest is not None:
            continue
        made.update(_heading(name, vectors.shape))
        numbers = vectors.astype("<f4", copy=False).tobytes()
        for begin in range(0, len(numbers), _AT_ONCE):
            made.update(numbers[begin : begin + _AT_ONCE])
    return made.hexdigest()[:DIGEST_DIGITS]


@lru_cache(maxsize=1000)
def _heading(name: str, shape: tuple[int, ...]) -> bytes:
    return f"\n{name} {shape}\n".encode()
