"""Documents checked by columns: what is made of them one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vectors import random_units

from hybridsearch import Delete, Document, Schema, Update
from hybridsearch.engines.calls import WriteDocument
from hybridsearch.engines.sheets import SheetsAndOthers
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.batch import Batch, make_batch
from hybridsearch.indexing.prepare import prepare
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import stretches

SCHEMA = Schema(
    text=["title", "body"],
    metadata={
        "tag": "keyword",
        "year": "integer",
        "price": "float",
        "open": "boolean",
        "day": "date",
    },
    dense={
        "dense": {"embeds": ["title", "body"], "dims": 3},
        "other": {"embeds": ["body"], "dims": 2},
    },
)
RULES = Rules(SCHEMA, encodes=False)
TEXTS = st.text(max_size=5)  # with surrogates, which are none
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": TEXTS,
    "body": TEXTS,
    "tag": TEXTS,
    "year": st.integers(-(2**63), 2**63 - 1),
    "price": st.floats(allow_nan=False, allow_infinity=False) | st.integers(-5, 5),
    "open": st.booleans(),
    "day": st.sampled_from(["2024-05-31", "2024-05-31T10:00:00+02:00", " 20240531 "]),
    "kept": st.integers(0, 5),
}
NUMPY: list[Any] = [np.float64(0.5), np.int64(3), np.str_("s"), np.bool_(True)]
OTHERS: list[Any] = [None, 7, 2**63, 10**400, -0.0, 1e300, float("nan"), float("inf"), True, "7"]
OTHERS += [["a"], {}, "31.5.2024", date(2024, 5, 31)]
ODD = st.sampled_from([*OTHERS, *NUMPY, "x" * 40_000])
WRONG = st.sampled_from([[3.0, 4.0, 0.0], [1.0], None, np.eye(3), [0.0, 0.0, 0.0], "[1,0,0]"])


@st.composite
def records(draw: st.DrawFn) -> list[Document]:
    """Documents of one or two forms, with something odd among them."""
    forms = draw(
        st.lists(st.lists(st.sampled_from(list(VALUES)), unique=True), min_size=1, max_size=2)
    )
    count = draw(st.integers(1, 80))
    dense, other = random_units(count, dims=3), random_units(count, dims=2)
    made = []
    for at in range(count):
        names = draw(st.sampled_from(forms))
        vectors: dict[str, Any] = {"dense": dense[at], "other": other[at].tolist()}
        made.append(Document(f"d{at}", {name: draw(VALUES[name]) for name in names}, vectors))
    for at in draw(st.lists(st.integers(0, count - 1), max_size=2)):
        one = made[at]
        what = draw(st.sampled_from(["field", "vector", "version", "id"]))
        fields, vectors, version, id = dict(one.fields), dict(one.vectors), None, one.id
        if what == "field" and fields:
            fields[draw(st.sampled_from(list(fields)))] = draw(ODD)
        elif what == "vector":
            vectors["dense"] = draw(WRONG)
        elif what == "version":
            version = draw(st.integers(0, 9))
        else:
            id = draw(st.sampled_from(made)).id
        made[at] = Document(id, fields, vectors, version)
    return made


def told(document: WriteDocument) -> Any:
    vectors = [
        (name, one.spans.tolist(), one.spans.dtype, one.vectors.tobytes(), one.vectors.dtype)
        for name, one in document.vectors.items()
    ]
    kinds = [type(value) for value in document.fields.values()]
    return document.id, document.fields, kinds, vectors, document.digest, document.version


def one_by_one(given: list[Any], rules: Rules) -> tuple[dict[str, Any], dict[str, str]]:
    """What is made of each, the last of an id; and the reason of each that is refused."""
    made: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for document in given:
        try:
            write, _ = prepare(document, rules)
        except DocumentError as error:
            refused[document.id] = str(error)
        else:
            made.pop(write.id, None)
            made[write.id] = told(write)
    return made, refused


def batch_of(given: list[Any], rules: Rules = RULES) -> Batch:
    (stretch,) = stretches(given, 0, rules.schema)
    return make_batch(1, stretch, {}, rules)


@given(given=records(), normalise=st.booleans())
def test_by_columns_they_are_what_they_are_one_by_one(
    given: list[Document], normalise: bool
) -> None:
    rules = Rules(SCHEMA, encodes=False, normalise=normalise)
    made, refused = one_by_one(given, rules)
    batch = batch_of(given, rules)
    assert {id: told(batch.documents[id]) for id in batch.documents} == made  # type: ignore[arg-type] # no deletion is among them
    listed = {one.id: told(one) for one in batch.documents.listed()}  # type: ignore[arg-type] # as above
    assert listed == made
    assert {one.error.id: str(one.error) for one in batch.refused} == refused
    assert {batch.stretch.operations[row].id for row in batch.rows.values()} == set(made)


def alike(count: int, **fields: Any) -> list[Document]:
    vectors = random_units(count, dims=3)
    plain = {"title": "one", "tag": "a", "year": 7, "price": 0.5, "open": True, "day": "2024-05-31"}
    fields = plain | fields
    return [
        Document(f"d{at}", fields, {"dense": vectors[at], "other": [0.6, 0.8]})
        for at in range(count)
    ]


def sheets(batch: Batch) -> list[int]:
    listed = batch.documents.listed()
    return [len(sheet) for sheet in listed.sheets] if isinstance(listed, SheetsAndOthers) else []


def test_plain_documents_are_checked_by_columns() -> None:
    assert sheets(batch_of(alike(100))) == [64, 36]
    assert sheets(batch_of(alike(3))) == []


@pytest.mark.parametrize(
    "odd", [{"day": date(2024, 5, 31)}, {"kept": 1}, {"year": "7"}, {"tag": None}]
)
def test_what_is_not_plain_is_not(odd: dict[str, Any]) -> None:
    batch = batch_of(alike(20, **odd))
    assert sheets(batch) == []
    assert len(batch.documents) == 20


def test_a_number_larger_than_any_float_is_refused() -> None:
    batch = batch_of([*alike(9), alike(10, price=10**400)[9]])
    (refused,) = batch.refused
    assert (refused.position, refused.id, refused.error.field) == (10, "d9", "price")
    assert len(batch.documents) == 9


class Name(StrEnum):
    TITLE = "title"
    DENSE = "dense"


@pytest.mark.parametrize("name", Name)
@pytest.mark.parametrize("at", [0, 9])
def test_a_name_that_is_no_plain_string_is_refused_wherever_it_comes(name: Name, at: int) -> None:
    given = alike(20)
    fields, vectors = (
        {name if other == name else other: value for other, value in part.items()}
        for part in (given[at].fields, given[at].vectors)
    )
    given[at] = replace(given[at], fields=fields, vectors=vectors)
    batch = batch_of(given)
    assert [refused.position for refused in batch.refused] == [at + 1]
    assert len(batch.documents) == 19


def test_changes_and_deletions_may_be_among_them() -> None:
    given = [*alike(20), Delete("gone"), Update("not there", {"title": "two"})]
    batch = batch_of(given)
    assert sheets(batch) == [20]
    assert len(batch.documents) == 21
    (refused,) = batch.refused
    assert refused.position == 22


def test_ids_that_come_again_are_taken_in_their_order() -> None:
    batch = batch_of([*alike(20), Delete("d3"), *alike(1, title="again")])
    assert sheets(batch) == []
    assert batch.repeated == 2
    assert len(batch.documents) == 20
    again = batch.documents["d0"]
    assert isinstance(again, WriteDocument)
    assert again.fields["title"] == "again"
