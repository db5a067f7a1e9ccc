"""Texts to word pieces: their numbers for the model, and their character offsets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain, islice
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.protocol import Pieces
from hybridsearch.errors import EncoderError

__all__ = ["TextTokenizer", "fast_backend"]

# Long texts are read part by part: a tokenizer's memory grows with what it is given at once.
_PART: Final = 16_384
_GROUP: Final = 1_000_000
_GROUP_TEXTS: Final = 10_000

_SURROGATES: Final = re.compile("[\ud800-\udfff]")
_LAST_SPACE: Final = re.compile(r"\s(?=\S*\Z)")


class TextTokenizer:
    """A `tokenizers.Tokenizer` of its own, set never to pad or truncate."""

    def __init__(self, backend: Any) -> None:
        """Take the backend over: its padding and truncation are switched off."""
        backend.no_padding()
        backend.no_truncation()
        self._backend = backend

    @property
    def special(self) -> int:
        """Special tokens that the model adds to a text."""
        return int(self._backend.num_special_tokens_to_add(False))

    def count(self, text: str) -> int:
        """Word pieces of the text, without special tokens."""
        return len(self._backend.encode(_readable(text), add_special_tokens=False))

    def numbers(self, texts: Sequence[str]) -> list[NDArray[np.int64]]:
        """Per text the vocabulary numbers of its word pieces, with special tokens."""
        found: list[NDArray[np.int64]] = []
        remaining = iter(texts)
        while group := [_readable(text) for text in islice(remaining, 1024)]:
            encodings = self._backend.encode_batch(group, add_special_tokens=True)
            found += [np.array(encoding.ids, dtype=np.int64) for encoding in encodings]
        return found

    def pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Per text `int64[n, 2]` offsets in reading order, without special tokens.

        A text of more than 16,384 characters is read in parts cut at white space where there is
        any, so that time and memory stay linear; at a cut inside a word its pieces may differ.
        """
        found: list[list[Pieces]] = [[] for _ in texts]
        for group in _groups(texts):
            parts = [_readable(texts[text][start:end]) for text, start, end in group]
            encodings = self._backend.encode_batch(parts, add_special_tokens=False)
            for (text, start, _), encoding in zip(group, encodings, strict=True):
                flat = chain.from_iterable(encoding.offsets)
                offsets = np.fromiter(flat, dtype=np.int64, count=2 * len(encoding))
                found[text].append(offsets.reshape(-1, 2) + start)
        return [parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in found]


def fast_backend(tokenizer: Any, model: str) -> Any:
    """The Rust tokenizer inside a transformers one; raises EncoderError where there is none."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None and hasattr(tokenizer, "encode_batch") and hasattr(tokenizer, "no_padding"):
        backend = tokenizer  # sentence-transformers' static embeddings carry the Rust one itself
    if backend is None:
        raise EncoderError(
            f"the model {model!r} has no fast tokenizer (tokenizer.json), which is needed to know "
            "where in a text its word pieces lie. Convert its tokenizer with transformers first."
        )
    return backend


def _readable(text: str) -> str:
    # Half a surrogate pair is not text; a replacement of the same length keeps the offsets.
    return _SURROGATES.sub("\ufffd", text)


def _groups(texts: Sequence[str]) -> Iterator[list[tuple[int, int, int]]]:
    """Parts (text, start, end) gathered into groups of about a million characters."""
    group: list[tuple[int, int, int]] = []
    size = 0
    for number, text in enumerate(texts):
        for start, end in _parts(text):
            group.append((number, start, end))
            size += end - start
            if size >= _GROUP or len(group) >= _GROUP_TEXTS:
                yield group
                group, size = [], 0
    if group:
        yield group


def _parts(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while len(text) - start > _PART:
        space = _LAST_SPACE.search(text[start + _PART // 2 : start + _PART])
        end = start + _PART // 2 + space.end() if space else start + _PART
        yield start, end
        start = end
    yield start, len(text)
