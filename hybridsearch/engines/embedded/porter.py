"""Porter's stemmer as Lucene has it.

Snowball's `porter` is the algorithm of the paper. Lucene's follows Porter's own later program,
which leaves words of one or two letters alone and departs from the paper in two endings: -bli
becomes -ble (the paper has -abli only), and -logi becomes -log. Source: M. F. Porter, "An
algorithm for suffix stripping", Program 14(3), 1980, and the points of difference he lists.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import Stemmer

_DEPARTING = ("bli", "logi")
# A vowel run followed by a consonant run: the paper's m > 0. A y after a consonant is a vowel.
_MEASURED = re.compile(r"(?:[aeiou]|(?<=[^aeiou])y)[^aeiouy]|[aeiou]y")


def lucene_porter(stemmer: Stemmer.Stemmer, words: Sequence[str]) -> list[str]:
    """Stems of lowercase words; stemmer: Snowball's `porter`."""
    stems: list[str] = stemmer.stemWords(words)
    return [
        word if len(word) <= 2 else _departed(stemmer, stem) if _departs(word, stem) else stem
        for word, stem in zip(words, stems, strict=True)
    ]


def _departs(word: str, stem: str) -> bool:
    # In a word on -ie the ending comes about only when the final -e falls, which is too late.
    return stem.endswith(_DEPARTING) and not word.endswith("ie")


def _departed(stemmer: Stemmer.Stemmer, stem: str) -> str:
    if stem.endswith("logi"):
        return stem[:-1] if _MEASURED.search(stem[:-4]) else stem
    if not _MEASURED.search(stem[:-3]):
        return stem
    again: str = stemmer.stemWord(stem[:-1] + "e")
    return again
