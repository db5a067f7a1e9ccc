"""The calls a flow makes to an encoder and what comes back: plain data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class EncodeQuery:
    """Turn a query into a vector."""

    text: str


@dataclass(frozen=True, slots=True, eq=False)
class EncodedQuery:
    """The vector float32[dims], and how many word pieces did not fit into the encoder."""

    vector: NDArray[np.float32]
    overflow: int = 0


@dataclass(frozen=True, slots=True)
class EncodeDocuments:
    """Cut texts into passages and turn those into vectors."""

    texts: Sequence[str]
    window: int
    overlap: int


@dataclass(frozen=True, slots=True, eq=False)
class EncodedDocuments:
    """By text, its passages: spans int32[n, 2] in characters and vectors float32[n, dims].

    cached: how many of the texts had been encoded before and came from the embedding cache.
    """

    spans: Sequence[NDArray[np.int32]]
    vectors: Sequence[NDArray[np.float32]]
    cached: int = 0


EncoderCall: TypeAlias = EncodeQuery | EncodeDocuments
EncoderReply: TypeAlias = EncodedQuery | EncodedDocuments
