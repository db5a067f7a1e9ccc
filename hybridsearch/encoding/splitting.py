"""Where a text is cut into passages: at sentence ends, else between words, else between pieces."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

from hybridsearch.errors import ConfigurationError

__all__ = ["check_window", "split", "stripped"]

# An end is where the next sentence may begin: after closing quotes, before the white space. A run
# of dots is entered at its first only, which keeps the search linear.
_SENTENCE_END: Final = re.compile(
    r"""(?<![.!?…؟۔।॥])[.!?…؟۔।॥]++["'”’»)\]]*+(?=\s)|[。！？｡]["'”’」』）】]*+|\n"""
)


def check_window(window: int, overlap: int) -> None:
    """Raise ConfigurationError where passages could not be cut so, or would not get ahead."""
    if window < 1:
        raise ConfigurationError(f"a passage window of {window} word pieces holds no text.")
    if not 0 <= overlap <= window // 2:
        raise ConfigurationError(
            f"a passage overlap of {overlap} word pieces does not go with a window of {window}: "
            f"give 0 to {window // 2}."
        )


def stripped(text: str, start: int, end: int) -> tuple[int, int]:
    """The range without white space at its ends; an empty range where there is nothing else."""
    part = text[start:end]
    left = len(part) - len(part.lstrip())
    return start + left, start + max(left, len(part.rstrip()))


def split(
    text: str, pieces: NDArray[np.int64], window: int = 250, overlap: int = 0
) -> list[tuple[int, int]]:
    """Character ranges of passages of at most `window` word pieces each, in order.

    `pieces` is `int64[n, 2]`, the offsets of the text's word pieces. A passage ends at the last
    sentence end in the second half of its window, else between words, else between word pieces;
    the next one begins up to `overlap` word pieces before, at the start of a sentence or a word
    if there is one. Together the passages hold every character that is not white space, also
    those that no word piece stands for. Only a single character of more word pieces than the
    window makes a longer passage. Time is linear in the text. Raises ConfigurationError for an
    overlap of more than half the window.
    """
    check_window(window, overlap)
    cuts = _Cuts(text, pieces[:, 0], np.maximum.accumulate(pieces[:, 1])) if len(pieces) else None
    found: list[tuple[int, int]] = []
    first, begin = 0, 0
    while cuts is not None and len(pieces) - first > window:
        half = first + window // 2
        cut, end = cuts.passage_end(first, half, first + window)
        if cut == len(pieces):
            break
        _append(found, stripped(text, begin, end))
        # Going back from a cut in the first half might not get ahead.
        first, begin = cuts.passage_start(cut - overlap if cut > half else cut, cut, end)
    _append(found, stripped(text, begin, len(text)))
    return found


def _append(found: list[tuple[int, int]], part: tuple[int, int]) -> None:
    # A passage of white space alone, or one that adds nothing to the passage before, is none.
    if part[0] < part[1] and (not found or part[1] > found[-1][1]):
        found.append(part)


@dataclass(frozen=True, slots=True)
class _Cuts:
    """The places between word pieces; place `i` lies before piece `i`.

    `ends` never fall: several pieces may stand for one character, and there is no cut in it.
    """

    text: str
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    def passage_end(self, first: int, low: int, high: int) -> tuple[int, int]:
        """The best place in `(low, high]`, else the nearest, and the character it ends at."""
        sentences = self._sentences(low, high)
        if sentences:
            return sentences[-1]
        places = range(high, low, -1)
        place = _first(places, self._between_words) or _first(places, self._open)
        if place is None:
            nearest = chain(range(low, first, -1), range(high + 1, len(self.starts)))
            place = _first(nearest, self._open)
        return (len(self.starts), len(self.text)) if place is None else (place, self._at(place))

    def passage_start(self, low: int, cut: int, end: int) -> tuple[int, int]:
        """The first good place in `[low, cut)` to begin the next passage, else the cut itself."""
        if low == cut:
            return cut, end
        sentences = self._sentences(low - 1, cut - 1)
        if sentences:
            return sentences[0]
        places = range(low, cut)
        place = _first(places, self._between_words) or _first(places, self._open)
        return (cut, end) if place is None else (place, self._at(place))

    def _sentences(self, low: int, high: int) -> list[tuple[int, int]]:
        """Sentence ends at the places in `(low, high]`, each with its character."""
        if high <= low:
            return []
        begin, end = int(self.ends[low]), int(self.starts[high])
        # A sentence end may lie in the last pieces before the first place: look a little back.
        matches = _SENTENCE_END.finditer(self.text, max(0, begin - 8), end + 1)
        found = []
        for match in matches:
            character = match.end()
            place = int(np.searchsorted(self.starts[low : high + 1], character)) + low
            if low < place <= high and self.ends[place - 1] <= character <= self.starts[place]:
                found.append((place, character))
        return found

    def _open(self, place: int) -> bool:
        return bool(self.starts[place] >= self.ends[place - 1])

    def _between_words(self, place: int) -> bool:
        before, after = int(self.ends[place - 1]), int(self.starts[place])
        if before > after:
            return False
        # White space belongs to no piece with some tokenizers, to either neighbour with others.
        around = self.text[before - 1 : after + 1]
        return any(character.isspace() for character in around)

    def _at(self, place: int) -> int:
        return int(self.starts[place])


def _first(places: Iterable[int], fits: Callable[[int], bool]) -> int | None:
    return next((place for place in places if fits(place)), None)
