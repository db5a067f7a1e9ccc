"""Documents written by patterns: byte by byte what is written in full."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cluster_flows import index_on
from hypothesis import given
from hypothesis import strategies as st
from vectors import random_units

from hybridsearch import Schema
from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
from hybridsearch.engines.cluster.actions import action_of
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.notation import JSON, SMILE, Notation
from hybridsearch.engines.cluster.patterns import Patterns, lines_of
from hybridsearch.engines.sheets import Sheet, SheetsAndOthers
from hybridsearch.model.definition import IndexDefinition

SCHEMA = Schema(
    text=["title", "body"],
    metadata={
        "tag": "keyword",
        "year": "integer",
        "price": "float",
        "open": "boolean",
        "day": "date",
    },
    dense={"dense": {"embeds": ["title"], "dims": 4}, "other": {"embeds": ["body"], "dims": 4}},
)
FEW_TEXTS = Schema(text=["title", "k", "l"], dense={})
RARELY = 7
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
FIELDS = st.fixed_dictionaries(
    {"title": TEXTS | st.none() | st.lists(TEXTS, max_size=2)},
    optional={
        "body": TEXTS,
        "tag": TEXTS | st.lists(TEXTS, max_size=2),
        "year": st.integers(-(2**63), 2**63 - 1) | st.just("1999"),
        "price": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-9, 9),
        "open": st.booleans() | st.just("true"),
        "day": st.sampled_from(["2024-05-31", "2024-05-31T10:00:00Z", "20240531", 17]),
        "kept": st.integers(-9, 9) | TEXTS,
    },
)


def passages(count: int, seed: int, digest: str | None = None) -> PassageVectors:
    spans = np.array([[seed + at, seed + 10 + at] for at in range(count)], np.int32).reshape(-1, 2)
    return PassageVectors(spans, random_units(count, dims=4, seed=seed), digest)


@st.composite
def writes(draw: st.DrawFn) -> list[WriteDocument | DeleteDocument]:
    """Documents of few forms, most of which come several times."""
    kinds = draw(st.lists(FIELDS, min_size=1, max_size=3))
    made: list[WriteDocument | DeleteDocument] = []
    for at in range(draw(st.integers(1, 40))):
        fields = draw(st.sampled_from(kinds))
        vectors = {
            name: passages(draw(st.sampled_from([1, 1, 1, 0, 2])), at, digest)
            for name in draw(st.sampled_from([["dense"], ["dense", "other"], []]))
            for digest in [draw(st.sampled_from([None, None, None, "d" * 32]))]
        }
        document = WriteDocument(f"é{at}", fields, vectors, f"{at:032x}")
        odd: list[Any] = [DeleteDocument(f"é{at}"), replace(document, version=at)]
        odd += [replace(document, state=(1, 2)), replace(document, digest=None)]
        made.append(draw(st.sampled_from([document, document, document, *odd])))
    return made


def an_index(notation: Notation, product: str = "elasticsearch", **changes: Any) -> ClusterIndex:
    index = index_on(product)
    return replace(index, definition=IndexDefinition(SCHEMA), notation=notation, **changes)


@pytest.mark.parametrize("notation", [JSON, SMILE], ids=["json", "smile"])
@given(documents=writes(), digests=st.booleans())
def test_patterns_write_what_is_written_in_full(
    notation: Notation, documents: list[WriteDocument | DeleteDocument], digests: bool
) -> None:
    index = an_index(notation, digests=digests)
    documents *= RARELY
    in_full = notation.lines([action_of(document, index) for document in documents])
    assert list(lines_of(documents, index)) == in_full


def test_a_form_has_a_pattern_when_it_comes_often() -> None:
    patterns = Patterns(an_index(SMILE))
    fields = {"title": "one", "tag": ["a", "b"], "year": 7}
    first = WriteDocument("a", fields, {"dense": passages(1, 1)}, "0" * 32)
    second = WriteDocument("b", {**fields, "title": "two"}, {"dense": passages(1, 2)}, "1" * 32)
    assert {patterns.of(first) for _ in range(RARELY)} == {None}
    pattern = patterns.of(second)
    assert pattern is not None
    assert patterns.of(first) is pattern


def test_forms_that_come_rarely_have_none() -> None:
    """To make a pattern for each would take longer than to write in full."""
    forms = [{"title": "one", **dict.fromkeys(names, "x")} for names in ("", "k", "l", "kl")]
    patterns = Patterns(replace(an_index(SMILE), definition=IndexDefinition(FEW_TEXTS)))
    documents = [
        WriteDocument(f"{at}", fields, {}, "0" * 32) for at in range(RARELY) for fields in forms
    ]
    assert {patterns.of(document) for document in documents} == {None}


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": {"title": "one", "tag": 7, "year": 7}},
        {"fields": {"title": "one", "tag": ["a", 7], "year": 7}},
        {"version": 3},
        {"state": (1, 1)},
        {"vectors": {"dense": passages(2, 1)}},
        {"vectors": {"dense": passages(1, 1, "d" * 32)}},
    ],
    ids=["another kind", "a doubtful value", "version", "state", "two passages", "encoded"],
)
def test_what_does_not_fit_the_pattern_is_written_in_full(changes: dict[str, Any]) -> None:
    index = an_index(SMILE)
    patterns = Patterns(index)
    fields = {"title": "one", "tag": ["a", "b"], "year": 7}
    alike = WriteDocument("a", fields, {"dense": passages(1, 1)}, "0" * 32)
    assert {patterns.of(alike) for _ in range(RARELY)} == {None}
    assert patterns.of(alike) is not None
    other = replace(alike, **changes)
    assert patterns.of(other) is None
    in_full = SMILE.lines([action_of(one, index) for one in (alike, other)])
    assert list(patterns.lines([alike, other])) == in_full


def test_an_adopted_index_has_no_patterns() -> None:
    made = an_index(SMILE)
    index = replace(made, adopted=replace(made.shape, own=False))
    alike = WriteDocument("a", {"title": "one"}, {"dense": passages(1, 1)}, "0" * 32)
    patterns = Patterns(index)
    assert {patterns.of(alike) for _ in range(2 * RARELY)} == {None}


@pytest.mark.parametrize(
    "days",
    [
        ["2024-05-31"] * 3,
        ["2024-05-31", "20240531", "2024-05-31"],
        ["20240531"] + ["2024-05-31"] * 2,
    ],
    ids=["as it is", "one otherwise", "the first otherwise"],
)
@pytest.mark.parametrize("notation", [JSON, SMILE], ids=["json", "smile"])
@pytest.mark.parametrize("own", [True, False], ids=["own", "adopted"])
def test_a_sheet_is_written_like_its_documents(
    notation: Notation, own: bool, days: list[str]
) -> None:
    made = an_index(notation)
    index = made if own else replace(made, adopted=replace(made.shape, own=False))
    names = ("title", "year", "price", "open", "tag", "day")
    columns: list[list[Any]] = [
        ["", "é", '"'],
        [0, -(2**63), 2**63 - 1],
        [1, 0.1, -1e300],
        [True, False, True],
    ]
    spans = np.array([[0, 0], [0, 1], [-1, -1]], np.int32)
    sheets = [
        Sheet(
            [f"{part}{row}" for row in range(3)],
            names,
            [*columns, ["a", "", "b"], days],
            {name: random_units(3, dims=4, seed=part) for name in ("other", "dense")},
            {"other": spans, "dense": spans},
            [f"{row:032x}" for row in range(3)],
        )
        for part in range(2)
    ]
    documents = SheetsAndOthers(sheets, [DeleteDocument("gone")])
    in_full = notation.lines([action_of(document, index) for document in documents])
    assert list(lines_of(documents, index)) == in_full
