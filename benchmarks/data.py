"""Synthetic passages with clustered unit vectors, made in chunks and kept as memory maps.

Words follow Zipf's law; a part of each passage is drawn from the words of its cluster, so that
BM25 and the vectors agree about as often as they do on real text. Vectors are a topic, a cluster
within it and noise that falls off along the axes, so that scores have no gap at the window's end.
The same size always gives the same data, and a smaller size is the beginning of a larger one.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hybridsearch import Document

DIMS = 768
NUMBERS = 1_000_000
_CHUNK = 10_000
_VOCABULARY = 60_000
_TOPICS = 60
_CLUSTERS = 3_000
_CLUSTER_WORDS = 150
_DRAWS = 1 << 20
_VERSION = 1

Float32 = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Passages:
    """What is indexed: texts, unit vectors float32[n, DIMS], and evenly drawn numbers."""

    vectors: Float32
    numbers: NDArray[np.int64]
    _ends: NDArray[np.int64]
    _bytes: memoryview

    def __len__(self) -> int:
        return len(self.vectors)

    def text(self, position: int) -> str:
        """The text of one passage."""
        begin = int(self._ends[position - 1]) if position else 0
        return str(self._bytes[begin : int(self._ends[position])], "utf-8")

    def texts(self) -> list[str]:
        """All texts."""
        return [self.text(position) for position in range(len(self))]

    def documents(self) -> Iterator[Document]:
        """The passages as documents with their vectors."""
        for position in range(len(self)):
            yield Document(
                f"d{position:07d}",
                {"text": self.text(position), "number": int(self.numbers[position])},
                {"dense": self.vectors[position]},
            )


@dataclass(frozen=True, eq=False)
class Query:
    """What is searched for: a few words of a passage, and a vector near the passage's."""

    text: str
    vector: Float32


def scratch() -> Path:
    """The folder for everything that is made once and measured often."""
    folder = Path(tempfile.gettempdir()) / "hybridsearch-benchmarks"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def say(text: str) -> None:
    """Progress goes to stderr; results go to stdout."""
    print(text, file=sys.stderr, flush=True)


def passages(size: int) -> Passages:
    """The first `size` passages; made when they are asked for the first time."""
    folder = scratch() / f"passages-{_VERSION}-{size}"
    if not (folder / "complete").exists():
        _make(folder, size)
    texts: Any = np.memmap(folder / "texts", dtype=np.uint8, mode="r")
    return Passages(
        # Rows of a memmap are memmaps: objects that cost more to make than vectors to send.
        np.asarray(np.memmap(folder / "vectors", dtype=np.float32, mode="r", shape=(size, DIMS))),
        np.fromfile(folder / "numbers", dtype=np.int64),
        np.fromfile(folder / "ends", dtype=np.int64),
        memoryview(texts),
    )


def queries(given: Passages, count: int, *, seed: int = 7) -> list[Query]:
    """Three to six words of a random passage each, and its vector with noise (cosine about .7).

    Rare words are asked for more often than frequent ones: people leave out what says little.
    """
    draw = np.random.default_rng((_VERSION, seed))
    ranks = {word: rank for rank, word in enumerate(_words(), start=1)}
    made = []
    for position in draw.choice(len(given), size=count, replace=len(given) < count).tolist():
        words = given.text(position).split()
        rarity = np.array([ranks[word] for word in words], dtype=np.float64)
        size = int(draw.integers(3, 7))
        chosen = draw.choice(words, size=size, replace=False, p=rarity / rarity.sum())
        noise = draw.standard_normal(DIMS)
        vector = 0.7 * given.vectors[position] + 0.714 * noise / np.linalg.norm(noise)
        unit = (vector / np.linalg.norm(vector)).astype(np.float32)
        made.append(Query(" ".join(chosen), unit))
    return made


def _make(folder: Path, size: int) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = np.array(_words())
    ranks = np.searchsorted(_zipf(), (np.arange(_DRAWS) + 0.5) / _DRAWS)
    world = np.random.default_rng((_VERSION, 0))
    own_words = world.integers(500, _VOCABULARY, size=(_CLUSTERS, _CLUSTER_WORDS))
    topics = _unit(world.standard_normal((_TOPICS, DIMS), dtype=np.float32))
    centres = _unit(world.standard_normal((_CLUSTERS, DIMS), dtype=np.float32))
    centres = 0.5 * topics[world.integers(_TOPICS, size=_CLUSTERS)] + 0.5 * centres
    falling = ((1.0 + np.arange(DIMS)) ** -0.3).astype(np.float32)
    total = 0
    with (
        (folder / "vectors").open("wb") as vectors,
        (folder / "numbers").open("wb") as numbers,
        (folder / "ends").open("wb") as ends,
        (folder / "texts").open("wb") as texts,
    ):
        for begin in range(0, size, _CHUNK):
            draw = np.random.default_rng((_VERSION, 1, begin))
            clusters = draw.integers(_CLUSTERS, size=_CHUNK)
            noise = _unit(draw.standard_normal((_CHUNK, DIMS), dtype=np.float32) * falling)
            kept = min(_CHUNK, size - begin)
            vectors.write(_unit(centres[clusters] + 0.7 * noise)[:kept].tobytes())
            numbers.write(draw.integers(NUMBERS, size=_CHUNK)[:kept].tobytes())
            lengths = draw.integers(60, 141, size=_CHUNK)
            drawn = ranks[draw.integers(_DRAWS, size=int(lengths.sum()))]
            owners = np.repeat(clusters, lengths)
            own = draw.random(len(drawn), dtype=np.float32) < 0.15
            places = draw.integers(_CLUSTER_WORDS, size=len(drawn))
            chosen = vocabulary[np.where(own, own_words[owners, places], drawn)].tolist()
            stops = np.cumsum(lengths)[:kept].tolist()
            starts = [0, *stops[:-1]]
            encoded = [
                " ".join(chosen[start:stop]).encode()
                for start, stop in zip(starts, stops, strict=True)
            ]
            texts.write(b"".join(encoded))
            after = total + np.cumsum([len(text) for text in encoded], dtype=np.int64)
            ends.write(after.tobytes())
            total = int(after[-1])
            if (begin // _CHUNK) % 10 == 0:
                say(f"making passages: {begin + kept:,} of {size:,}")
    (folder / "complete").touch()


def _unit(rows: Float32) -> Float32:
    lengths: Float32 = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / lengths


def _zipf() -> NDArray[np.float64]:
    shares = 1.0 / (np.arange(_VOCABULARY) + 2.7)
    cumulated: NDArray[np.float64] = np.cumsum(shares / shares.sum())
    return cumulated


def _words() -> list[str]:
    """Distinct pronounceable words; the frequent ones are short."""
    syllables = [head + vowel for head in "bdfghjklmnprstvwz" for vowel in "aeiou"]
    base = len(syllables)
    words = []
    for number in range(_VOCABULARY):
        rest, word = number, ""
        while True:
            rest, digit = divmod(rest, base)
            word = syllables[digit] + word
            if rest == 0:
                break
            rest -= 1
        words.append(word)
    return words
