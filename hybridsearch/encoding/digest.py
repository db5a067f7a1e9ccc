"""The digest of a text that is embedded: equal digests mean equal passages and vectors."""

from __future__ import annotations

import hashlib
from typing import Final

from hybridsearch.model.digests import DIGEST_DIGITS

__all__ = ["text_digest"]

# Part of every digest: raised when the same text is cut into other passages than before.
_CUTTING: Final = 1


def text_digest(text: str, window: int, overlap: int) -> str:
    """32 hexadecimal digits of a text and of the word pieces that a passage holds and shares.

    One encoder gives texts of equal digests the same passages and the same vectors.
    """
    made = hashlib.sha256(b"%d %d %d\n" % (_CUTTING, window, overlap))
    made.update(text.encode("utf-8", "surrogatepass"))
    return made.hexdigest()[:DIGEST_DIGITS]
