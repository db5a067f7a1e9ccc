"""Analyzers make the terms that Lucene's analyzers of the same names make."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.embedded import analysis
from hybridsearch.engines.embedded.analysis import analyzer
from hybridsearch.model.schema import Analyzer


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("Don't stop, world!", ["don't", "stop", "world"]),
        (
            "snake_case U.S.A. 3.14 1,000 a:b x-y",
            ["snake_case", "u.s.a", "3.14", "1,000", "a:b", "x", "y"],
        ),
        ("_ __ _a a_", ["_a", "a_"]),
        ("naïve Straße", ["naïve", "straße"]),
        ("東京は ひらがな カタカナ", ["東", "京", "は", "ひ", "ら", "が", "な", "カタカナ"]),
        ("हिन्दी ไทย", ["हिन्दी", "ไทย"]),
        ("e.g. i'm O’Neil 3a a3 3.a", ["e.g", "i'm", "o’neil", "3a", "a3", "3", "a"]),
        ("© 2024 ™ 👍🏽 👩‍👧 🇩🇪 1️⃣", ["©", "2024", "™", "👍🏽", "👩‍👧", "🇩🇪", "1️⃣"]),
        ("ในปี1980นั้น", ["ในปี", "1980", "นั้น"]),
        ("İstanbul", ["istanbul"]),
        ("x" * 300, ["x" * 255, "x" * 45]),
        ("é" * 300, ["é" * 255, "é" * 45]),
        ("", []),
    ],
)
def test_standard_splits_words_by_unicodes_rules(text: str, terms: list[str]) -> None:
    assert analyzer("standard")(text) == terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("The cats' cat's running", ["cat", "cat", "run"]),
        ("us is a gas", ["us", "ga"]),
        ("possibly psychology biology", ["possibl", "psycholog", "biologi"]),
        ("terminologies terminologie", ["terminolog", "terminologi"]),
        ("universities generalization oscillators", ["univers", "gener", "oscil"]),
        ("this that will with", []),
        ("Élan's", ["élan"]),
    ],
)
def test_english_drops_possessives_and_stop_words_and_stems(text: str, terms: list[str]) -> None:
    assert analyzer("english")(text) == terms


@given(st.text(st.characters(max_codepoint=127)))
def test_the_quick_way_for_ascii_equals_the_unicode_way(text: str) -> None:
    slow = [word for word in analysis._unicode_words().analyze(text) if word.strip("_")]
    assert analysis._words(text) == slow


@given(st.text())
def test_terms_hold_no_white_space_and_are_never_empty(text: str) -> None:
    for name in ("standard", "english"):
        for term in analyzer(name)(text):
            assert term
            assert len(term.split()) == 1


@pytest.mark.parametrize("name", get_args(Analyzer))
def test_every_analyzer_of_the_schema_exists(name: Analyzer) -> None:
    assert analyzer(name)("Amsterdam 1984") != []


@pytest.mark.parametrize(
    ("name", "text", "terms"),
    [
        ("german", "die Häuser", ["haus"]),
        ("french", "les maisons", ["maison"]),
        ("spanish", "las casas", ["cas"]),
    ],
)
def test_languages_drop_stop_words_and_stem(name: Analyzer, text: str, terms: list[str]) -> None:
    assert analyzer(name)(text) == terms
