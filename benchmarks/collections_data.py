"""Judged collections as passages and queries, with vectors of a small real model.

Its 384 dimensions are filled up with zeros to those of the synthetic passages, which changes no
score: so that what is computed is as much. A document has one vector, of as much of its text as
the model reads.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from data import DIMS, NUMBERS, Float32, Passages, Query, say, scratch
from relevance import COLLECTIONS, ENCODER, documents, judged_queries

from hybridsearch.encoding.load import load_encoder

NAMES: Final = tuple(sorted(path.name for path in COLLECTIONS.glob("*") if path.is_dir()))


def collection(name: str) -> tuple[Passages, list[Query]]:
    """Its documents, title and text in one field, and its judged queries; encoded once."""
    texts = [document["text"] for document in documents(name, "one field")]
    asked = list(judged_queries(name).values())
    kept = scratch() / f"collection-{name}.npz"
    if not kept.exists():
        say(f"encoding {len(texts):,} documents and {len(asked):,} queries of {name}")
        encoder = load_encoder(ENCODER)
        np.savez(
            kept,
            # As queries, which are read up to the model's limit; it has no prompts.
            documents=_filled_up(encoder.encode_queries(texts)),
            queries=_filled_up(encoder.encode_queries(asked)),
        )
    with np.load(kept) as found:
        vectors, query_vectors = found["documents"], found["queries"]
    parts = [text.encode() for text in texts]
    ends = np.cumsum([len(part) for part in parts]).astype(np.int64)
    numbers = np.random.default_rng(7).integers(0, NUMBERS, len(texts))
    passages = Passages(vectors, numbers, ends, memoryview(b"".join(parts)))
    return passages, [
        Query(text, vector) for text, vector in zip(asked, query_vectors, strict=True)
    ]


def _filled_up(vectors: Float32) -> Float32:
    filled = np.zeros((len(vectors), DIMS), np.float32)
    filled[:, : vectors.shape[1]] = vectors
    return filled
