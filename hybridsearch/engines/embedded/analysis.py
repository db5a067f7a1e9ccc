"""Analyzers: text to index terms, as Lucene's `standard` and `english` make them.

Terms are words by the Unicode rules of UAX #29, lowercased. `english` then drops possessives and
Lucene's 33 stop words and stems with Porter's algorithm. The other languages drop the Snowball
stop words and stem with their Snowball stemmers, where Lucene partly uses lighter stemmers of its
own: their scores are close to Lucene's, not equal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Final

import Stemmer
import tantivy

from hybridsearch.engines.embedded.porter import lucene_porter
from hybridsearch.model.schema import Analyzer

ENGLISH_STOP_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "but",
        "by",
        "for",
        "if",
        "in",
        "into",
        "is",
        "it",
        "no",
        "not",
        "of",
        "on",
        "or",
        "such",
        "that",
        "the",
        "their",
        "then",
        "there",
        "these",
        "they",
        "this",
        "to",
        "was",
        "will",
        "with",
    ]
)
_STOP_WORDS_KNOWN: Final = frozenset(
    [
        "danish",
        "dutch",
        "finnish",
        "french",
        "german",
        "hungarian",
        "italian",
        "norwegian",
        "portuguese",
        "russian",
        "spanish",
        "swedish",
    ]
)
_LONGEST_TERM: Final = 255

# UAX #29 word boundaries: letters join letters through a middle letter (colon, apostrophe, full
# stop), digits join digits through a middle number (comma, apostrophe, full stop), underscores
# join everything, and each ideograph or hiragana stands alone.
_ASCII_WORD: Final = re.compile(r"(?:[a-z]+(?:[:.'][a-z]+)*|[0-9]+(?:[,;.'][0-9]+)*|_+)+")
_LETTERS: Final = r"(?:[\p{Alphabetic}--[\p{Han}\p{Hiragana}]][\p{M}\p{Cf}]*)+"
_DIGITS: Final = r"(?:\p{Nd}[\p{M}\p{Cf}]*)+"
_WORD: Final = (
    r"[\p{Han}\p{Hiragana}]|"
    rf"(?:{_LETTERS}(?:[:·.'’‘․﹒＇．‧︓﹕：]{_LETTERS})*|{_DIGITS}(?:[,;.'’]{_DIGITS})*|_+)+"
)


@cache
def analyzer(name: Analyzer) -> Callable[[str], list[str]]:
    """The analyzer with this name: a function from text to its terms, in order."""
    if name == "standard":
        return _words
    if name == "english":
        return _english(Stemmer.Stemmer("porter"))
    return _snowball(name, Stemmer.Stemmer(name))


def _words(text: str) -> list[str]:
    if text.isascii():
        terms = [word for word in _ASCII_WORD.findall(text.lower()) if len(word) <= _LONGEST_TERM]
        return [word for word in terms if word[0] != "_" or word.strip("_")]
    return [word for word in _unicode_words().analyze(text) if word.strip("_")]


def _english(stemmer: Stemmer.Stemmer) -> Callable[[str], list[str]]:
    def terms(text: str) -> list[str]:
        words = [word[:-2] if word.endswith(("'s", "’s", "＇s")) else word for word in _words(text)]
        kept = [word for word in words if word not in ENGLISH_STOP_WORDS]
        return lucene_porter(stemmer, kept)

    return terms


def _snowball(language: str, stemmer: Stemmer.Stemmer) -> Callable[[str], list[str]]:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.raw())
    stop_words = (
        builder.filter(tantivy.Filter.stopword(language)).build()
        if language in _STOP_WORDS_KNOWN
        else builder.build()
    )

    def terms(text: str) -> list[str]:
        kept = [word for word in _words(text) if stop_words.analyze(word)]
        stems: list[str] = stemmer.stemWords(kept)
        return stems

    return terms


@cache
def _unicode_words() -> tantivy.TextAnalyzer:
    builder = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.regex(_WORD))
    return (
        builder.filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.remove_long(_LONGEST_TERM + 1))
        .build()
    )
