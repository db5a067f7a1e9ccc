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
from hybridsearch.model.schema import AnyAnalyzer

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
# stop), digits join digits through a middle number (comma, apostrophe, full stop), katakana joins
# katakana, underscores join all of these. Each ideograph or hiragana stands alone, a run of a
# script without spaces (Thai and others) is one word. A pictograph stands alone too, with its
# modifiers and what a joiner ties to it; two regional indicators are a flag, and a keycap is one.
_ASCII_WORD: Final = re.compile(r"(?:[a-z]+(?:[:.'][a-z]+)*|[0-9]+(?:[,;.'][0-9]+)*|_+)+")
_UNSPACED: Final = (
    r"[[\p{Thai}\p{Lao}\p{Myanmar}\p{Khmer}\p{Tai_Le}\p{New_Tai_Lue}\p{Tai_Tham}\p{Tai_Viet}]"
    r"&&[\p{L}\p{M}]]"
)
_KATAKANA: Final = r"[\p{Katakana}\x{3031}-\x{3035}\x{309B}\x{309C}\x{30A0}\x{30FC}]"
_ALPHABETIC: Final = rf"[\p{{Alphabetic}}--[\p{{M}}\p{{Han}}\p{{Hiragana}}{_KATAKANA}{_UNSPACED}]]"
# Hebrew letters keep a quote that follows, and join one another through a double one.
_HEBREW: Final = r"[\p{Hebrew}&&\p{L}][\p{M}\p{Cf}]*"
_LETTERS: Final = rf"(?:{_HEBREW}(?:\x22{_HEBREW})*'?|{_ALPHABETIC}[\p{{M}}\p{{Cf}}]*)+"
_DIGITS: Final = r"(?:\p{Nd}[\p{M}\p{Cf}]*)+"
_PICTOGRAPH: Final = r"\p{Extended_Pictographic}[\p{M}\x{1F3FB}-\x{1F3FF}]*"
_UNIT: Final = (
    rf"(?:(?:{_LETTERS}(?:[:·.'’‘․﹒＇．‧︓﹕：]{_LETTERS})*|{_DIGITS}(?:[,;.'’]{_DIGITS})*)+"
    rf"|(?:{_KATAKANA}[\p{{M}}\p{{Cf}}]*)+)"
)
_WORD: Final = (
    r"[\p{Han}\p{Hiragana}][\p{M}\p{Cf}]*|"
    rf"{_UNSPACED}+|"
    r"\p{Regional_Indicator}{2}|[0-9#*]\x{FE0F}?\x{20E3}|"
    rf"{_PICTOGRAPH}(?:\x{{200D}}{_PICTOGRAPH})*|"
    rf"_*{_UNIT}(?:_+{_UNIT})*_*|_+"
)


@cache
def analyzer(name: AnyAnalyzer) -> Callable[[str], list[str]]:
    """The analyzer with this name: a function from text to its terms, in order."""
    if name == "standard":
        return _words
    if name == "english":
        return _english(Stemmer.Stemmer("porter"))
    return _snowball(name, Stemmer.Stemmer(name))


def _words(text: str) -> list[str]:
    if text.isascii():
        words = _ASCII_WORD.findall(text.lower())
    else:
        # One letter for one: the capital with a dot would else become an i and a dot.
        words = _unicode_words().analyze(text.replace("\u0130", "i"))
    words = [word for word in words if word[0] != "_" or word.strip("_")]
    if max(map(len, words), default=0) > _LONGEST_TERM:
        return [part for word in words for part in _parts(word)]
    return words


def _parts(word: str) -> list[str]:
    """A word that is too long for a term, cut into terms."""
    return [word[at : at + _LONGEST_TERM] for at in range(0, len(word), _LONGEST_TERM)]


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
    return builder.filter(tantivy.Filter.lowercase()).build()
