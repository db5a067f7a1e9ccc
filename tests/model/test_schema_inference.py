"""Guessing a schema from documents."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import SchemaError
from hybridsearch.model.document import Document
from hybridsearch.model.schema import Schema

LONG = "A sentence that goes on for a while, with several words in it, as text does."


def inferred(values: list[Any], **options: Any) -> str | None:
    """What a field with these values is taken for."""
    documents = [{"id": str(n), "title": "x", "f": value} for n, value in enumerate(values)]
    schema = Schema.infer(documents, **options)
    if "f" in schema.text:
        return "text"
    if "f" in schema.dense:
        return "vector"
    return schema.field_types.get("f")


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([LONG, LONG], "text"),
        (["several words of some length", "and a few more words here"], "text"),
        (["en", "de", "en"], "keyword"),
        (["New York", "Berlin"], "keyword"),
        (["2024-05-31", "2023-01-01T10:00:00Z"], "date"),
        (["2024-05-31 10:00", "2023-01-01T10:00:00.5+02:00"], "date"),
        (["2024-05-31", "soon"], "keyword"),
        ([1, 2], "integer"),
        ([1, 2.5], "float"),
        ([True, False], "boolean"),
        ([True, 1], None),
        (["a", 1], None),
        ([{"a": 1}], None),
        ([None, None], None),
        ([[], ""], None),
        ([None, 3], "integer"),
        ([["en", "de"], "fr"], "keyword"),
        ([[1, 2], [3]], "integer"),
        (["007", "12"], "keyword"),
        (["1", "2"], "keyword"),
        ([[0.5] * 16, [0.1] * 16], "vector"),
        ([np.full(16, 0.5, dtype=np.float32)], "vector"),
        ([np.full((2, 16), 0.5)], "vector"),
        ([[0.5] * 15, [0.1] * 15], "float"),
    ],
)
def test_types_are_guessed_from_values(values: list[Any], kind: str | None) -> None:
    assert inferred(values) == kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "0"], "integer"),
        (["1", "2.5"], "float"),
        (["1e-3", "2"], "float"),
        (["007", "12"], "keyword"),
        (["12345678901234567890"], "float"),
        (["1", ""], "integer"),
        (["1", "x"], "keyword"),
        (["2024-05-31"], "date"),
        ([LONG], "text"),
    ],
)
def test_untyped_values_are_also_looked_at_as_numbers(values: list[Any], kind: str) -> None:
    assert inferred(values, untyped=True) == kind


def test_a_schema_of_documents() -> None:
    schema = Schema.infer(
        [{"_id": "a", "body": "x", "title": "y", "year": 1999, "_score": 3}], analyzer="english"
    )
    assert list(schema.text) == ["title", "body"]
    assert schema.text["title"].analyzer == "english"
    assert schema.field_types == {"year": "integer"}
    assert schema.dense["dense"].embeds == ("title", "body")
    assert schema == Schema.infer(
        [Document("a", {"body": "x", "title": "y", "year": 1999})], analyzer="english"
    )


def test_vectors_that_are_given_are_the_vector_field() -> None:
    schema = Schema.infer([{"id": "a", "title": "x", "embedding": [0.1] * 32}])
    assert schema.dense["embedding"].embeds == ("title",)
    assert list(schema.dense) == ["embedding"]


@pytest.mark.parametrize(
    ("vectors", "dims"),
    [
        ([[0.1] * 32, [0.2] * 32], 32),
        ([[0.1] * 32, None], 32),
        ([np.ones((3, 32)), [0.2] * 32], 32),
        ([[0.1] * 32, [0.2] * 31], None),
    ],
)
def test_dims_are_those_that_all_given_vectors_have(vectors: list[Any], dims: int | None) -> None:
    documents = [{"title": "x", "embedding": vector} for vector in vectors]
    assert Schema.infer(documents).dense["embedding"].dims == dims


def test_only_the_sample_is_read() -> None:
    documents = iter(
        [{"id": "a", "title": "x", "n": 1}] * 3 + [{"id": "a", "title": "x", "n": "b"}]
    )
    assert Schema.infer(documents, sample=3).field_types == {"n": "integer"}
    assert next(documents)["n"] == "b"


def test_fields_that_no_schema_could_name_are_left_out() -> None:
    schema = Schema.infer([{"id": "a", "title": "x", "": "1", "a`b": 2, "c\nd": 3, "_e": 4, 5: 6}])
    assert list(schema.text) == ["title"]
    assert schema.metadata == {}


@pytest.mark.parametrize("documents", [[], [{"id": "a"}], [{"id": "a", "year": 1}], ["x", None]])
def test_without_text_there_is_no_guess(documents: list[Any]) -> None:
    with pytest.raises(SchemaError, match="no text field found"):
        Schema.infer(documents)


@given(
    st.lists(
        st.dictionaries(
            st.text(max_size=4) | st.sampled_from(["id", "dense", "body"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=90),
                lambda inner: (
                    st.lists(inner, max_size=4)
                    | st.dictionaries(st.text(max_size=2), inner, max_size=2)
                ),
                max_leaves=6,
            ),
            max_size=4,
        ),
        max_size=4,
    ),
    st.booleans(),
)
def test_any_documents_give_a_schema_or_a_schema_error(
    documents: list[dict[str, Any]], untyped: bool
) -> None:
    try:
        schema = Schema.infer(documents, untyped=untyped)
    except SchemaError:
        return
    assert Schema.from_json(schema.to_json()) == schema
