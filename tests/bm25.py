"""Lucene's BM25 written down a second time, from its formula, to compare engines with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

K1 = 1.2
B = 0.75
_FREE = 24


def lucene_bm25(documents: Sequence[Sequence[str]], query: Sequence[str]) -> NDArray[np.float64]:
    """float64[documents]: idf * tf / (tf + k1 (1 - b + b length / average length)), summed over
    the query's terms, as often as they stand; lengths as Lucene's one byte holds them."""
    scores = np.zeros(len(documents))
    frequencies = [Counter(document) for document in documents]
    average = sum(map(len, documents)) / len(documents)
    for term in query:
        matching = sum(term in counts for counts in frequencies)
        if not matching:
            continue
        idf = math.log(1 + (len(documents) - matching + 0.5) / (matching + 0.5))
        for position, counts in enumerate(frequencies):
            tf = counts[term]
            if tf:
                length = one_byte(len(documents[position]))
                scores[position] += idf * tf / (tf + K1 * (1 - B + B * length / average))
    return scores


def one_byte(length: int) -> int:
    """A length as Lucene's SmallFloat.intToByte4 keeps it: exact to 40, then four bits of it."""
    rest = length - _FREE
    if rest < 8:
        return length
    shift = rest.bit_length() - 4
    return _FREE + ((rest >> shift) << shift)
