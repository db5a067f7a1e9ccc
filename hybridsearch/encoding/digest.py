"""Digests of what is embedded: equal digests mean equal passages and vectors."""

from __future__ import annotations

import hashlib
from typing import Final

from hybridsearch.model.digests import DIGEST_DIGITS

__all__ = ["UNKNOWN_ENCODER", "same_text", "text_digest", "vectors_digest"]

# Part of every digest: raised when the same text is cut into other passages than before.
_CUTTING: Final = 1
# Of the digest of vectors; the rest are of how they were made.
_TEXT_DIGITS: Final = 24

UNKNOWN_ENCODER: Final = "0" * 16
"""Instead of the digest of a fingerprint, where no encoder is known."""


def text_digest(text: str, window: int, overlap: int) -> str:
    """32 hexadecimal digits of a text and of the word pieces that a passage holds and shares.

    One encoder gives texts of equal digests the same passages and the same vectors.
    """
    made = hashlib.sha256(b"%d %d %d\n" % (_CUTTING, window, overlap))
    made.update(text.encode("utf-8", "surrogatepass"))
    return made.hexdigest()[:DIGEST_DIGITS]


def vectors_digest(text: str, window: int, overlap: int, encoder: str) -> str:
    """32 hexadecimal digits of what vectors are made of: some of a text, others of how it is cut
    and of its encoder, by the digest of its fingerprint (`Fingerprint.digest`)."""
    of_text = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_TEXT_DIGITS]
    how = hashlib.sha256(f"{_CUTTING} {window} {overlap} {encoder}".encode()).hexdigest()
    return of_text + how[: DIGEST_DIGITS - _TEXT_DIGITS]


def same_text(one: str, other: str) -> bool:
    """Whether two digests of vectors are of one text, however they were made."""
    return one[:_TEXT_DIGITS] == other[:_TEXT_DIGITS]
