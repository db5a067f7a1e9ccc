"""Answering a flow's calls with an encoder: queries of one round are encoded together.

Documents' texts are looked up in the embedding cache first. Queries are not: they are short, new
more often than not, and what people search for is not left on a disk.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.encoding.batches import distinct
from hybridsearch.encoding.cache import EmbeddingCache, Encoded, cache_keys
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


def answer(
    encoder: Encoder, calls: Sequence[EncoderCall], cache: EmbeddingCache | None = None
) -> list[EncoderReply]:
    """The replies, in the order of the calls; raises EncoderError."""
    texts = [call.text for call in calls if isinstance(call, EncodeQuery)]
    queries = iter(_queries(encoder, texts))
    return [
        next(queries) if isinstance(call, EncodeQuery) else _documents(encoder, call, cache)
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


def _documents(
    encoder: Encoder, call: EncodeDocuments, cache: EmbeddingCache | None
) -> EncodedDocuments:
    texts, which = distinct(call.texts)
    known: dict[int, Encoded] = {}
    keys: list[bytes] = []
    if cache is not None:
        keys = cache_keys(encoder, texts, call.window, call.overlap)
        found = cache.lookup(keys, encoder.dims)
        known = {at: found[key] for at, key in enumerate(keys) if key in found}
    new = [at for at in range(len(texts)) if at not in known]
    made = dict(zip(new, _encoded(encoder, [texts[at] for at in new], call), strict=True))
    if cache is not None:
        cache.store({keys[at]: encoded for at, encoded in made.items()})
    encoded = [(known if at in known else made)[at] for at in which.tolist()]
    return EncodedDocuments(
        [spans for spans, _ in encoded],
        [vectors for _, vectors in encoded],
        sum(at in known for at in which.tolist()),
    )


def _encoded(encoder: Encoder, texts: Sequence[str], call: EncodeDocuments) -> list[Encoded]:
    if not texts:
        return []
    windows = passages(encoder, texts, window=call.window, overlap=call.overlap)
    flat = [
        text[start:end] for text, spans in zip(texts, windows, strict=True) for start, end in spans
    ]
    vectors = (
        encoder.encode_documents(flat) if flat else np.empty((0, encoder.dims), dtype=np.float32)
    )
    ends = np.cumsum([len(spans) for spans in windows])
    spans = [np.array(spans, dtype=np.int32).reshape(-1, 2) for spans in windows]
    return list(zip(spans, np.split(vectors, ends[:-1]), strict=True))
