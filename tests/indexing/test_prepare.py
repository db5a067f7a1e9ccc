"""One document against the schema: what is searched, filtered by, stored and encoded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from enum import Enum
from typing import Any

import numpy as np
import pytest

from hybridsearch import Document, Schema
from hybridsearch.engines.calls import PassageVectors, WriteDocument
from hybridsearch.errors import DocumentError
from hybridsearch.indexing.prepare import prepare
from hybridsearch.indexing.rules import Rules
from hybridsearch.model.document import as_document
from hybridsearch.model.field_values import metadata_of, texts_of

SCHEMA = Schema(
    text=["title", "body"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title", "body"], "dims": 4}},
)
UNIT = [0.0, 1.0, 0.0, 0.0]


class Colour(str, Enum):  # noqa: UP042 - for what it is
    """Strings whose own text is their name."""

    RED = "red"
    TITLE = "title"
    DENSE = "dense"


def refused(given: Any, **options: Any) -> DocumentError:
    with pytest.raises(DocumentError) as raised:
        accepted(given, **options)
    return raised.value


def accepted(given: Any, **options: Any) -> WriteDocument:
    return checked(given, **options)[0]


def to_encode(given: Any, **options: Any) -> Mapping[str, str]:
    return checked(given, **options)[1]


def checked(
    given: Any, *, schema: Schema = SCHEMA, encodes: bool = True, normalise: bool = False
) -> tuple[WriteDocument, Mapping[str, str]]:
    return prepare(as_document(given, schema.dense), Rules(schema, encodes, normalise))


def test_fields_go_where_the_schema_says_and_all_are_stored() -> None:
    given = {"id": "a", "title": "T", "body": ["one", "two"], "year": "1999", "extra": [1, None]}
    document = accepted(given)
    assert texts_of(document.fields, SCHEMA) == {"title": "T", "body": "one\ntwo"}
    assert metadata_of(document.fields, SCHEMA) == {"year": (1999,)}
    assert to_encode(given) == {"dense": "T\none\ntwo"}
    del given["id"]
    assert document.fields == given


def test_a_document_object_and_a_dict_give_the_same() -> None:
    one = accepted(Document("a", {"title": "T"}, {"dense": UNIT}))
    two = accepted({"_id": "a", "title": "T", "dense": UNIT})
    assert (one.id, one.fields) == (two.id, two.fields)
    np.testing.assert_array_equal(one.vectors["dense"].vectors, two.vectors["dense"].vectors)
    assert to_encode({"_id": "a", "title": "T", "dense": UNIT}) == {}


def test_given_vectors_need_no_encoder_and_no_text() -> None:
    document = accepted({"id": "a", "dense": [UNIT, UNIT]}, encodes=False)
    assert document.vectors["dense"].vectors.shape == (2, 4)
    assert document.vectors["dense"].vectors.dtype == np.float32
    assert document.vectors["dense"].spans.tolist() == [[-1, -1], [-1, -1]]
    assert document.fields == {}


def test_passages_with_their_places_stay_as_they_are() -> None:
    rows = np.array([[0.6, 0.0, 0.0, 0.8000001]], dtype=np.float32)
    placed = PassageVectors(np.array([[3, 9]], dtype=np.int32), rows)
    assert accepted(Document("a", {"title": "T"}, {"dense": placed})).vectors["dense"] is placed
    short = PassageVectors(placed.spans, rows[:, :3])
    assert "3 numbers" in refused(Document("a", {"title": "T"}, {"dense": short})).reason
    spans: Any
    for spans in (np.empty((0, 2)), [[3, 9], [9, 12]], [[3, 9, 12]], [3, 9], None):
        wrong = PassageVectors(spans, rows)
        told = refused(Document("a", {"title": "T"}, {"dense": wrong}))
        assert "1 passages need as many places" in told.reason
        assert told.field == "dense"


@pytest.mark.parametrize("kind", ["float64", "float16", ">f4", "a column", "a list"])
def test_passages_with_their_places_become_what_engines_take(kind: str) -> None:
    rows: Any = np.array([[0.5, -0.5, 0.5, 0.5]], dtype=np.float32)
    changed = {
        "a column": np.asfortranarray(np.repeat(rows, 2, axis=0))[:1],
        "a list": [[*rows[0]]],
    }
    given: Any = changed[kind] if kind in changed else rows.astype(kind)
    spans: Any = [[3, 9]] if kind == "a list" else np.array([[3, 9]])
    placed = PassageVectors(spans, given)
    kept = accepted(Document("a", {"title": "T"}, {"dense": placed})).vectors["dense"]
    assert kept.vectors.dtype == np.float32
    assert kept.vectors.flags.c_contiguous
    np.testing.assert_array_equal(kept.vectors, rows)
    assert kept.spans.tolist() == [[3, 9]]


def test_an_enum_of_strings_is_the_text_that_is_kept_of_it() -> None:
    given = {"id": "a", "title": Colour.RED, "body": [Colour.RED, "b"]}
    assert to_encode(given) == {"dense": "red\nred\nb"}
    assert accepted(given).digest == accepted({**given, "title": "red"}).digest


def test_a_name_that_is_no_plain_string_is_refused() -> None:
    error = refused({"id": "a", Colour.TITLE: "T"})
    assert (error.id, error.field) == ("a", "title")
    assert "it cannot be kept as JSON" in error.reason
    error = refused({"id": "a", "title": "T", Colour.DENSE: UNIT})
    assert (error.id, error.field) == ("a", "dense")
    assert "must be a plain string" in error.reason


def test_what_comes_back_as_text_has_the_digest_of_that_text() -> None:
    given = {"id": "a", "title": "T", "day": date(2024, 5, 31), "more": [date(2024, 5, 31)]}
    read_back = {**given, "day": "2024-05-31", "more": ["2024-05-31"]}
    assert accepted(given).digest == accepted(read_back).digest
    assert accepted(given).digest != accepted({**given, "day": ["2024-05-31"]}).digest
    numbers = [accepted({"id": "a", "title": "T", "more": one}).digest for one in (1, "1", 1.0)]
    assert len(set(numbers)) == 3


def test_a_text_is_never_taken_for_a_vector() -> None:
    rows = np.full((1, 4), 0.5, dtype=np.float32)
    text = f"T\ndense (1, 4)\n{rows.tobytes().decode()}"
    with_vector = accepted({"id": "a", "title": "T", "dense": rows})
    assert with_vector.digest != accepted({"id": "a", "title": text}).digest


def test_a_null_vector_is_one_that_is_not_given() -> None:
    assert to_encode({"id": "a", "title": "T", "dense": None}) == {"dense": "T"}


def test_vectors_of_another_length_are_refused_or_normalised() -> None:
    given = {"id": "a", "dense": [3, 0, 0, 4]}
    assert "its length is 5, not 1" in refused(given).reason
    np.testing.assert_allclose(
        accepted(given, normalise=True).vectors["dense"].vectors, [[0.6, 0, 0, 0.8]], rtol=1e-6
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_numbers_that_are_not_finite_are_refused_in_vectors_and_metadata(value: float) -> None:
    error = refused({"id": "a", "dense": [value, 0, 0, 1]}, normalise=True)
    assert (error.id, error.field) == ("a", "dense")
    assert "NaN or infinity" in error.reason
    schema = Schema(text=["title"], metadata={"price": "float"}, dense={})
    error = refused({"id": "a", "title": "T", "price": value}, schema=schema)
    assert (error.id, error.field) == ("a", "price")
    assert "not a finite number" in error.reason


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"title": {"a": 1}}, "title", "not dict"),
        ({"title": b"bytes"}, "title", "not bytes"),
        ({"title": ["a", ["b"]]}, "title", "not list within the list"),
        ({"title": ["a", {"b": 1}]}, "title", "not dict within the list"),
        ({"title": "t", "year": "x"}, "year", "'x' is not a whole number"),
        ({"title": "t", "year": 10**30}, "year", "64 bits"),
        ({"title": "t", 5: "x"}, "5", "does not know this field"),
        ({"title": "t", "junk": object()}, "junk", "cannot be kept as JSON"),
        ({"title": "t", "junk": 2**70}, "junk", "cannot be kept as JSON"),
        ({"title": "t", "cover": b"PNG"}, "cover", "bytes): leave it out"),
        ({"title": "lone \ud800"}, "title", "cannot be kept as JSON"),
        ({"title": "  "}, None, "no text in title, body and no vector"),
        ({"year": 5}, None, "no text in title, body and no vector"),
    ],
)
def test_what_cannot_be_accepted_names_the_id_the_field_and_the_reason(
    fields: dict[Any, Any], field: str | None, reason: str
) -> None:
    error = refused({"id": "a", **fields})
    assert (error.id, error.field) == ("a", field)
    assert reason in error.reason


def test_a_vector_field_that_the_schema_does_not_have_is_refused() -> None:
    error = refused(Document("a", {"title": "T"}, {"image": UNIT}))
    assert error.field == "image"
    assert "known: dense" in error.reason


def test_unknown_fields_are_refused_where_the_schema_says_so() -> None:
    strict = SCHEMA.model_copy(update={"unknown_fields": "reject"})
    error = refused({"id": "a", "title": "T", "colour": "red"}, schema=strict)
    assert error.field == "colour"
    assert 'unknown_fields="keep"' in error.reason


def test_without_an_encoder_a_text_needs_its_vector_unless_nothing_is_embedded() -> None:
    assert "no encoder" in refused({"id": "a", "title": "T"}, encodes=False).reason
    lexical = Schema(text=["title"], dense={})
    assert to_encode({"id": "a", "title": "T"}, encodes=False, schema=lexical) == {}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -np.float64("inf")])
@pytest.mark.parametrize("within", [lambda number: number, lambda number: ["one", number]])
def test_what_tables_have_for_a_missing_text_is_no_word(number: float, within: Any) -> None:
    error = refused({"id": "a", "title": within(number), "body": "text"})
    assert (error.id, error.field) == ("a", "title")
    assert "leave the field out" in error.reason
    assert accepted({"id": "a", "title": 7.5, "body": "text"}).fields["title"] == 7.5
