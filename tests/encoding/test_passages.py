"""Passages hold the whole text, in order, each short enough, cut where a reader would."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers

from hybridsearch.encoding.passages import passages
from hybridsearch.encoding.protocol import Encoder, Pieces
from hybridsearch.encoding.splitting import split
from hybridsearch.encoding.tokens import TextTokenizer
from hybridsearch.errors import ConfigurationError


class CountingCharacters:
    """The same encoder, with a count of the characters that it was given to read."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self.read = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def word_pieces(self, texts: Sequence[str]) -> list[Pieces]:
        self.read += sum(map(len, texts))
        return self._encoder.word_pieces(texts)


SCRIPTS = st.one_of(
    st.text(max_size=200),
    st.text(alphabet="ab .!?\n", max_size=300),
    st.lists(
        st.sampled_from(
            [
                "words ",
                "unheard ",
                "東京都。",
                "שלום ",
                "مرحبا؟ ",
                "👩‍👩‍👧",
                "e\u0301",
                "한국어 ",
                ".\n\n",
                "\u200b",
                "\x00",
                "\x85",
                "x" * 120,
                '." ',
                "... ",
                "नमस्ते। ",
                "[SEP] ",
            ]
        ),
        max_size=80,
    ).map("".join),
)


def words(text: str) -> Pieces:
    found = [match.span() for match in re.finditer(r"\w+|[^\w\s]", text)]
    return np.array(found, dtype=np.int64).reshape(-1, 2)


def parts(text: str, ranges: list[tuple[int, int]]) -> list[str]:
    return [text[start:end] for start, end in ranges]


def check_cover(text: str, ranges: list[tuple[int, int]]) -> None:
    covered = np.zeros(len(text), dtype=bool)
    for start, end in ranges:
        assert 0 <= start < end <= len(text)
        assert text[start:end] == text[start:end].strip()
        covered[start:end] = True
    lost = [text[i] for i in np.flatnonzero(~covered) if not text[i].isspace()]
    assert lost == []
    assert [start for start, _ in ranges] == sorted({start for start, _ in ranges})
    assert [end for _, end in ranges] == sorted({end for _, end in ranges})


@given(SCRIPTS, st.integers(1, 12), st.data())
def test_nothing_is_lost_and_all_is_in_order(text: str, window: int, data: st.DataObject) -> None:
    overlap = data.draw(st.integers(0, window // 2))
    pieces = words(text)
    ranges = split(text, pieces, window, overlap)
    check_cover(text, ranges)
    for start, end in ranges:
        assert ((pieces[:, 0] >= start) & (pieces[:, 1] <= end)).sum() <= window
    for (_, end), (start, _) in pairwise(ranges):
        assert ((pieces[:, 0] >= start) & (pieces[:, 1] <= end)).sum() <= overlap


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(SCRIPTS, max_size=3), st.integers(4, 30), st.data())
def test_each_passage_fits_when_read_by_itself(
    tiny: Encoder, texts: list[str], window: int, data: st.DataObject
) -> None:
    overlap = data.draw(st.integers(0, window // 2))
    found = passages(tiny, texts, window, overlap)
    assert len(found) == len(texts)
    for text, ranges in zip(texts, found, strict=True):
        check_cover(text, ranges)
        assert all(len(pieces) <= window for pieces in tiny.word_pieces(parts(text, ranges)))


class ByteLevel:
    """Stands for models with byte-level tokens: several for a character, spaces within them."""

    token_limit = 40

    def __init__(self, *, prefix_space: bool) -> None:
        level = pre_tokenizers.ByteLevel(add_prefix_space=prefix_space, trim_offsets=False)
        letters = {letter: i for i, letter in enumerate(sorted(level.alphabet()))}
        backend = Tokenizer(models.BPE(vocab=letters, merges=[]))
        backend.pre_tokenizer = level
        self.word_pieces = TextTokenizer(backend).pieces


@pytest.mark.parametrize("prefix_space", [False, True])
@given(st.lists(SCRIPTS, max_size=2), st.integers(4, 50))
@settings(deadline=None)
def test_byte_level_passages_fit_and_lose_nothing(
    prefix_space: bool, texts: list[str], window: int
) -> None:
    encoder = ByteLevel(prefix_space=prefix_space)
    for text, ranges in zip(texts, passages(encoder, texts, window), strict=True):  # type: ignore[arg-type]
        check_cover(text, ranges)
        for part, pieces in zip(
            parts(text, ranges), encoder.word_pieces(parts(text, ranges)), strict=True
        ):
            assert len(pieces) <= min(window, 40) or len(part) == 1


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=40), st.integers(1, 6))
def test_offsets_that_overlap_or_are_empty(steps: list[tuple[int, int]], window: int) -> None:
    """Byte-level tokenizers give several pieces for one character."""
    starts = np.cumsum([step for step, _ in steps], dtype=np.int64)
    text = "é " * 200
    pieces = np.array(
        [(start, start + length) for start, (_, length) in zip(starts, steps, strict=True)],
        dtype=np.int64,
    ).reshape(-1, 2)
    assume(len(pieces) == 0 or pieces.max() <= len(text))
    check_cover(text, split(text, pieces, window))


def test_text_that_fits_is_one_passage() -> None:
    text = "  Two words.\n"
    assert split(text, words(text), 3) == [(2, 12)]


@pytest.mark.parametrize("text", ["", " ", "\n\t  \u3000"])
def test_white_space_has_no_passages(tiny: Encoder, text: str) -> None:
    assert split(text, words(text)) == []
    assert passages(tiny, [text, "words", text]) == [[], [(0, 5)], []]


def test_characters_without_word_pieces_are_kept() -> None:
    text = "one two \x00\x00 three four \x00"
    pieces = np.array([m.span() for m in re.finditer("[a-z]+", text)], dtype=np.int64)
    check_cover(text, split(text, pieces, 2))
    assert split("\x00", np.zeros((0, 2), dtype=np.int64)) == [(0, 1)]


def test_cut_at_the_last_sentence_end_of_the_window() -> None:
    text = "One two three. Four five six. Seven eight nine ten eleven twelve."
    assert parts(text, split(text, words(text), 10)) == [
        "One two three. Four five six.",
        "Seven eight nine ten eleven twelve.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a b c d。e f g h", ["a b c d。", "e f g h"]),
        ("a b c d\n\ne f g h", ["a b c d", "e f g h"]),
        ('a b c." d e f g', ['a b c."', "d e f g"]),
        ("a b 3.14 c d e f", ["a b 3.14 c", "d e f"]),
        ("a b c d e f g h", ["a b c d e f", "g h"]),
    ],
)
def test_sentence_ends_of_several_kinds(text: str, expected: list[str]) -> None:
    assert parts(text, split(text, words(text), 6)) == expected


def test_overlap_begins_at_a_sentence() -> None:
    text = "One two three four. Five six. Seven eight nine. Ten eleven twelve."
    assert parts(text, split(text, words(text), 12, 6)) == [
        "One two three four. Five six. Seven eight nine.",
        "Seven eight nine. Ten eleven twelve.",
    ]


def test_overlap_without_sentences_begins_at_a_word() -> None:
    text = "a b c d e f g h i j"
    assert parts(text, split(text, words(text), 4, 1)) == ["a b c d", "d e f g", "g h i j"]


def test_long_word_is_cut_between_its_pieces(tiny: Encoder) -> None:
    text = "qzqzqz" * 15
    found = parts(text, passages(tiny, [text], window=20)[0])
    assert "".join(found) == text
    assert all(len(pieces) <= 20 for pieces in tiny.word_pieces(found))


def test_window_beyond_the_encoder_s_limit_is_the_limit(tiny: Encoder) -> None:
    text = "words of a query, and others. " * 100
    found = passages(tiny, [text], window=250)[0]
    assert len(tiny.encode_documents(parts(text, found))) == len(found)


@pytest.mark.parametrize(("window", "overlap"), [(0, 0), (10, 6), (10, -1)])
def test_impossible_windows(tiny: Encoder, window: int, overlap: int) -> None:
    with pytest.raises(ConfigurationError, match=r"window|overlap"):
        passages(tiny, ["words"], window, overlap)


@pytest.mark.parametrize(
    "unit", ["words of a document. ", "unheard", "東京", "👩‍👩‍👧", ".", "\n", "\x00"]
)
def test_a_long_text_is_read_a_few_times(tiny: Encoder, unit: str) -> None:
    text = unit * (400_000 // len(unit))
    counting = CountingCharacters(tiny)
    found = passages(counting, [text], overlap=50)[0]
    assert counting.read < 5 * len(text)
    check_cover(text, found)


def test_two_megabytes_of_prose(minilm: Encoder) -> None:
    choose = random.Random(1)
    some = ["the", "words", "of", "a", "long", "document", "unheard,", "and.", "more?", "on"]
    text = " ".join(choose.choices(some, k=400_000))
    found = passages(minilm, [text], overlap=30)[0]
    check_cover(text, found)
    assert all(len(pieces) <= 250 for pieces in minilm.word_pieces(parts(text, found)))
