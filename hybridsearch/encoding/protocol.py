"""What an encoder is: text in, unit float32 vectors out, with its limits and its identity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.errors import EncoderError

__all__ = ["Encoder", "Pieces", "Progress", "Vectors", "check_encoder"]

Vectors: TypeAlias = NDArray[np.float32]
"""`float32[n, dims]`, rows of unit length."""

Pieces: TypeAlias = NDArray[np.int64]
"""`int64[n, 2]`: the character offsets (start, end) of each word piece in its text."""

Progress: TypeAlias = Callable[[int, int], None]
"""Called with (texts done, texts in all) as encoding goes on."""


class Encoder(Protocol):
    """Turns text into vectors whose dot product says how well query and document agree.

    Any object with these members is an encoder; it needs no base class and no registration.
    """

    @property
    def name(self) -> str:
        """What messages call it: the model's name as the user wrote it."""

    @property
    def dims(self) -> int:
        """Length of each vector."""

    @property
    def token_limit(self) -> int:
        """Word pieces of a document's text that fit, beside special tokens and the prompt."""

    @property
    def query_limit(self) -> int:
        """Word pieces of a query that fit, beside special tokens and the prompt."""

    @property
    def fingerprint(self) -> Fingerprint:
        """What an index remembers, to refuse vectors of another encoder."""

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """`float32[n, dims]`, unit rows; a query beyond `query_limit` is read up to there."""

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """`float32[n, dims]`, unit rows; raises EncoderError for a text beyond `token_limit`."""

    def word_pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Per text `int64[n, 2]`: offsets of every word piece, without special tokens or prompt.

        Nothing is truncated, however long the text.
        """


_NUMBERS: Final = ("dims", "token_limit", "query_limit")
_METHODS: Final = ("encode_queries", "encode_documents", "word_pieces")


def check_encoder(candidate: Any) -> Encoder:
    """The object itself where it is an encoder; raises EncoderError that names what it lacks."""
    kind = type(candidate).__name__
    wanted = ("name", *_NUMBERS, "fingerprint", *_METHODS)
    lacking = [member for member in wanted if not hasattr(candidate, member)]
    if lacking:
        raise EncoderError(
            f"{kind} is not an encoder: it lacks {', '.join(lacking)}. "
            "See hybridsearch.encoding.protocol.Encoder for what each of them is."
        )
    for member in _NUMBERS:
        value = getattr(candidate, member)
        if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
            raise EncoderError(f"{kind}.{member} must be a whole number above 0, not {value!r}.")
    for member in _METHODS:
        if not callable(getattr(candidate, member)):
            raise EncoderError(f"{kind}.{member} must be a method.")
    fingerprint = candidate.fingerprint
    if not isinstance(fingerprint, Fingerprint):
        raise EncoderError(
            f"{kind}.fingerprint must be a hybridsearch.encoding.fingerprint.Fingerprint, "
            f"not {type(fingerprint).__name__}."
        )
    if fingerprint.dims != candidate.dims:
        raise EncoderError(
            f"{kind}.dims is {candidate.dims}, but its fingerprint says {fingerprint.dims}."
        )
    encoder: Encoder = candidate
    return encoder
