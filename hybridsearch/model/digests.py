"""Digests: what tells whether a document, or a text that was encoded for it, has changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

DIGEST_DIGITS: Final = 32
UNTOLD: Final = ""
"""Instead of the digest of vectors of which it is not known whether they were given or encoded,
since an index holds them from before there were digests."""


@dataclass(frozen=True, slots=True)
class Digests:
    """Of one document, 32 hexadecimal digits each.

    document: of its fields as given and of the vectors it brought; None where that is not known,
    since the document is from before there were digests. text: by vector field, of the text that
    was encoded for it, of how that is cut into passages, and of the encoder. version: that the
    document was given, which is no digest and is wanted where they are.
    """

    document: str | None = None
    text: Mapping[str, str] = field(default_factory=dict)
    version: int | None = None
