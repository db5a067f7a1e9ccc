"""Answering a flow's calls with an encoder: queries of one round are encoded together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.encoding.calls import (
    EncodedDocuments,
    EncodeDocuments,
    EncodedQuery,
    EncodeQuery,
    EncoderCall,
    EncoderReply,
)
from hybridsearch.encoding.overflow import query_overflow
from hybridsearch.encoding.passages import passages
from hybridsearch.encoding.protocol import Encoder


def answer(encoder: Encoder, calls: Sequence[EncoderCall]) -> list[EncoderReply]:
    """The replies, in the order of the calls; raises EncoderError."""
    texts = [call.text for call in calls if isinstance(call, EncodeQuery)]
    queries = iter(_queries(encoder, texts))
    return [
        next(queries) if isinstance(call, EncodeQuery) else _documents(encoder, call)
        for call in calls
    ]


def _queries(encoder: Encoder, texts: Sequence[str]) -> list[EncodedQuery]:
    if not texts:
        return []
    vectors = encoder.encode_queries(texts)
    return [
        EncodedQuery(vector, overflow)
        for vector, overflow in zip(vectors, query_overflow(encoder, texts), strict=True)
    ]


def _documents(encoder: Encoder, call: EncodeDocuments) -> EncodedDocuments:
    windows = passages(encoder, call.texts, window=call.window, overlap=call.overlap)
    flat = [
        text[start:end]
        for text, spans in zip(call.texts, windows, strict=True)
        for start, end in spans
    ]
    vectors = (
        encoder.encode_documents(flat) if flat else np.empty((0, encoder.dims), dtype=np.float32)
    )
    ends = np.cumsum([len(spans) for spans in windows])
    return EncodedDocuments(
        [np.array(spans, dtype=np.int32).reshape(-1, 2) for spans in windows],
        np.split(vectors, ends[:-1]),
    )
