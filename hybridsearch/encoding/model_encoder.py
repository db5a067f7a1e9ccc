"""The encoder around a loaded model: tokenize, batch by length, run, put back in order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.batches import batches, distinct, one_ahead
from hybridsearch.encoding.configuration import ModelConfiguration
from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.location import first_line
from hybridsearch.encoding.protocol import Pieces, Progress, Vectors
from hybridsearch.encoding.tokens import TextTokenizer
from hybridsearch.encoding.unit import unit_rows
from hybridsearch.encoding.weights import weights_digest
from hybridsearch.errors import EncoderError

__all__ = ["Batch", "Computed", "ModelEncoder", "Run"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Texts of like length: a loader's runner reads the texts or their numbers, as it likes.

    `numbers` are the vocabulary numbers of prompt and text with special tokens, unpadded.
    """

    prompt: str
    texts: list[str]
    numbers: list[NDArray[np.int64]]


Computed: TypeAlias = Callable[[], NDArray[np.floating]]
"""Waits for the vectors `[n, dims]` of a batch, of any length."""

Run: TypeAlias = Callable[[Batch], Computed]
"""Sets a device to work on a batch: the one thing in which loaders differ."""


class ModelEncoder:
    """An encoder over a model folder; may be used from several threads at once."""

    def __init__(
        self,
        *,
        name: str,
        model: str,
        folder: Path,
        configuration: ModelConfiguration,
        tokenizer: TextTokenizer,
        run: Run,
        batch_tokens: int,
    ) -> None:
        """Raise EncoderError where the prompts leave no room, or the model cannot be run.

        `name` is what the user wrote, `model` the name without any path, `batch_tokens` the
        padded word pieces of a batch.
        """
        self.name = name
        self._model = model
        self._folder = folder
        self._configuration = configuration
        self._tokenizer = tokenizer
        self._run = run
        self._batch_tokens = batch_tokens
        self.query_limit = self._limit("query", configuration.query_prompt)
        self.token_limit = self._limit("document", configuration.document_prompt)
        # Asking the model itself also shows at loading, not at first use, whether it runs.
        probe = Batch("", ["a"], tokenizer.numbers(["a"]))
        self.dims = int(self._start(probe)().shape[1])

    def __repr__(self) -> str:
        return f"<encoder {self.name!r}, {self.dims} dims>"

    @cached_property
    def fingerprint(self) -> Fingerprint:
        """The model's identity; reads all of its weights, once."""
        return Fingerprint(
            model=self._model,
            weights=weights_digest(self._folder, self._configuration.subfolders),
            pooling=self._configuration.description,
            normalised=True,
            query_prompt=self._configuration.query_prompt,
            document_prompt=self._configuration.document_prompt,
            dims=self.dims,
        )

    def word_pieces(self, texts: Sequence[str]) -> list[Pieces]:
        """Per text `int64[n, 2]` character offsets of its word pieces; nothing is truncated."""
        return self._tokenizer.pieces(_listed(texts))

    def encode_queries(self, texts: Sequence[str]) -> Vectors:
        """`float32[n, dims]`, unit rows; what a query has beyond `query_limit` is not read."""
        prompt = self._configuration.query_prompt
        given, which = distinct(_listed(texts))
        numbers = self._tokenizer.numbers([prompt + text for text in given])
        for position in self._too_long(numbers):
            given[position] = self._shortened(given[position], prompt)
            numbers[position] = self._tokenizer.numbers([prompt + given[position]])[0]
        return self._encoded(prompt, given, numbers, None)[which]

    def encode_documents(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        """`float32[n, dims]`, unit rows; raises EncoderError for a text beyond `token_limit`."""
        prompt = self._configuration.document_prompt
        given, which = distinct(_listed(texts))
        numbers = self._tokenizer.numbers([prompt + text for text in given])
        for position in self._too_long(numbers):
            first = int(np.flatnonzero(which == position)[0])
            raise EncoderError(
                f"the text at position {first} ({given[position][:40]!r}…) has "
                f"{self._tokenizer.count(given[position])} word pieces, and {self.name!r} reads "
                f"at most {self.token_limit}: split it into passages first."
            )
        return self._encoded(prompt, given, numbers, progress)[which]

    def _encoded(
        self,
        prompt: str,
        texts: list[str],
        numbers: list[NDArray[np.int64]],
        progress: Progress | None,
    ) -> Vectors:
        found = np.empty((len(texts), self.dims), dtype=np.float32)
        done = 0

        def start(positions: NDArray[np.int64]) -> tuple[NDArray[np.int64], Callable[[], Vectors]]:
            batch = Batch(prompt, [texts[i] for i in positions], [numbers[i] for i in positions])
            return positions, self._start(batch)

        # A GPU computes one batch while the next is made ready for it here.
        started = map(start, batches([len(row) for row in numbers], self._batch_tokens))
        for positions, vectors in one_ahead(started):
            found[positions] = vectors()
            done += len(positions)
            if progress is not None:
                progress(done, len(texts))
        return found

    def _start(self, batch: Batch) -> Callable[[], Vectors]:
        """Set the model to work on a batch; what is given back waits for its unit rows."""
        with self._explained(batch):
            computed = self._run(batch)

        def vectors() -> Vectors:
            with self._explained(batch):
                rows = unit_rows(computed())
            broken = np.flatnonzero(~np.isfinite(rows).all(axis=1))
            if len(broken):
                raise EncoderError(
                    f"the model {self.name!r} gave no usable vector (zero or not a number) for the "
                    f"text {batch.texts[broken[0]][:80]!r}."
                )
            return rows

        return vectors

    @contextmanager
    def _explained(self, batch: Batch) -> Iterator[None]:
        try:
            yield
        except (RuntimeError, IndexError, ValueError, TypeError) as error:
            longest = max(len(row) for row in batch.numbers)
            raise EncoderError(
                f"the model {self.name!r} failed on {len(batch.texts)} texts of up to {longest} "
                f"word pieces: {first_line(error)}. Where memory ran out, lower batch_tokens "
                f"({self._batch_tokens})."
            ) from error

    def _limit(self, kind: str, prompt: str) -> int:
        count = self._tokenizer.count
        # A prompt's last word piece may differ before a text from what it is alone.
        taken = max(count(prompt), count(prompt + "a") - count("a")) if prompt else 0
        limit = self._configuration.max_seq_length - self._tokenizer.special - taken
        if limit < 1:
            raise EncoderError(
                f"the {kind} prompt {prompt!r} leaves no room for text: {self.name!r} reads "
                f"{self._configuration.max_seq_length} word pieces in all."
            )
        return limit

    def _too_long(self, numbers: Sequence[NDArray[np.int64]]) -> list[int]:
        longest = self._configuration.max_seq_length
        return [position for position, row in enumerate(numbers) if len(row) > longest]

    def _shortened(self, text: str, prompt: str) -> str:
        """The text up to the last word piece that fits; both loaders then read the same."""
        pieces = self._tokenizer.pieces([text])[0]
        keep = min(self.query_limit, len(pieces))
        while keep > 0:
            short = text[: pieces[keep - 1, 1]]
            if not self._too_long(self._tokenizer.numbers([prompt + short])):
                return short
            keep -= 1
        return ""


def _listed(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str):
        raise EncoderError("give the encoder a list of texts, not one text.")
    listed = list(texts)
    for position, text in enumerate(listed):
        if not isinstance(text, str):
            raise EncoderError(
                f"the encoder reads text, but position {position} holds {type(text).__name__}."
            )
    return listed
