"""Dotted names: fields within objects, at the top while a schema names them, and back."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.cluster.objects import put_back, taken_out, value_at, without

NAMES = st.sampled_from(["a", "b", "c"])
VALUES = st.one_of(st.integers(), st.text(), st.lists(st.integers()), st.booleans())
OBJECTS = st.recursive(
    st.dictionaries(NAMES, VALUES, min_size=1),
    lambda inner: st.dictionaries(NAMES, st.one_of(inner, VALUES), min_size=1),
)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ({"a": {"b": 1}}, 1),
        ({"a.b": 1}, 1),
        ({"a": [{"b": 1}, {"b": 2}, {"c": 3}]}, [1, 2]),
        ({"a": [{"c": 3}]}, None),
        ({"a": {"b": None}}, None),
        ({"a": 1}, None),
        ({}, None),
    ],
)
def test_a_value_is_found_where_the_products_find_it(source: dict[str, Any], value: Any) -> None:
    assert value_at(source, "a.b") == value


def test_names_are_taken_out_of_objects_and_leave_none_that_is_empty() -> None:
    source = {"text": "x", "meta": {"lang": "en", "deep": {"n": 1}}}
    taken = taken_out(source, ["meta.lang", "meta.deep.n", "meta.none"])
    assert taken == {"text": "x", "meta.lang": "en", "meta.deep.n": 1}
    assert put_back(taken, ["meta.lang", "meta.deep.n"]) == source
    assert source["meta"] == {"lang": "en", "deep": {"n": 1}}


def test_what_lies_in_a_list_is_shown_and_stays_where_it_is() -> None:
    source = {"authors": [{"name": "Ann", "age": 3}, {"name": "Bo"}]}
    taken = taken_out(source, ["authors.name"])
    assert taken == {**source, "authors.name": ["Ann", "Bo"]}
    assert put_back(taken, ["authors.name"]) == source


def test_a_field_is_left_out_with_the_object_that_held_it_alone() -> None:
    assert without({"a": {"v": [1.0]}, "b": 1}, "a.v") == {"b": 1}
    assert without({"a": {"v": [1.0], "t": "x"}}, "a.v") == {"a": {"t": "x"}}
    assert without({"a": 1}, "v") == {"a": 1}


@given(OBJECTS, st.lists(st.tuples(NAMES, NAMES).map(".".join), unique=True))
def test_taking_out_and_putting_back_changes_nothing(
    source: dict[str, Any], names: list[str]
) -> None:
    assert put_back(taken_out(source, names), names) == source
