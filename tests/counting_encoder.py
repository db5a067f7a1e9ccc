"""A real encoder that also keeps the texts that it was asked to encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hybridsearch.encoding.protocol import Encoder, Progress, Vectors


class CountingEncoder:
    """Passes everything on; `texts` are the passages encoded since it was last cleared."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.texts: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.texts += texts
        return self._encoder.encode_documents(texts, progress)
