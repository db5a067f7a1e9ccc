"""How much of a query an encoder cannot read, for the response to say so."""

from __future__ import annotations

from collections.abc import Sequence

from hybridsearch.encoding.protocol import Encoder

__all__ = ["query_overflow"]


def query_overflow(encoder: Encoder, texts: Sequence[str]) -> list[int]:
    """For each query the word pieces beyond the encoder's `query_limit`, 0 where it fits."""
    return [max(0, len(pieces) - encoder.query_limit) for pieces in encoder.word_pieces(texts)]
