"""The schema: its short forms, its defaults, what it refuses, and its file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import EngineError, SchemaError
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import DenseField, MetadataField, Schema, TextField


@pytest.mark.parametrize(
    "text",
    [
        ["title", "body"],
        ("title", "body"),
        {"title": {}, "body": {}},
        {"title": "standard", "body": "standard"},
        {"title": TextField(), "body": TextField()},
    ],
)
def test_every_form_of_text_means_the_same(text: Any) -> None:
    schema = Schema(text=text)
    assert schema.text == {"title": TextField(), "body": TextField()}
    assert schema.dense == {"dense": DenseField(embeds=("title", "body"))}


def test_short_forms_of_metadata_and_vectors() -> None:
    schema = Schema(
        text={"title": "english", "body": {"weight": 0.5}},
        metadata={
            "year": "integer",
            "lang": {"type": "keyword"},
            "price": MetadataField(type="float"),
        },
        dense={"a": ["title"], "b": {"embeds": ["body"], "window": 100}},
    )
    assert schema.text["title"].analyzer == "english"
    assert schema.text["body"].weight == 0.5
    assert schema.field_types == {"year": "integer", "lang": "keyword", "price": "float"}
    assert schema.dense["a"] == DenseField(embeds=("title",), window=250, overlap=32)
    assert schema.dense["b"].window == 100


def test_no_vectors_where_none_are_wanted() -> None:
    assert Schema(text=["title"], dense={}).dense == {}
    assert Schema(text=["title"], dense=None).dense == Schema(text=["title"]).dense


def test_vectors_need_no_text() -> None:
    assert Schema(dense={"vector": {"embeds": [], "dims": 3}}).text == {}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "at least one text field or one vector field"),
        ({"metadata": {"year": "integer"}}, "at least one text field or one vector field"),
        ({"text": ["id"]}, "a field cannot be called 'id'"),
        ({"text": ["_id"]}, "a field cannot be called '_id'"),
        ({"text": ["_x"]}, "cannot be a field's name"),
        ({"text": [""]}, "cannot be a field's name"),
        ({"text": ["a`b"]}, "cannot be a field's name"),
        ({"text": ["a\nb"]}, "cannot be a field's name"),
        ({"text": ["a"], "metadata": {"a": "keyword"}}, "'a' is named twice"),
        ({"text": ["dense"]}, "'dense' is named twice"),
        ({"text": ["a"], "dense": {"d": ["b"]}}, "'d' embeds 'b', which is not a text field"),
        ({"text": {"a": "klingon"}}, "text.a.analyzer"),
        ({"text": {"a": {"weight": 0}}}, "text.a.weight"),
        ({"text": {"a": {"weight": float("inf")}}}, "text.a.weight"),
        ({"text": {"a": {"wieght": 1}}}, "text.a.wieght: there is no such setting, did you mean"),
        ({"text": ["a"], "metadata": {"y": "int"}}, "metadata.y.type"),
        ({"text": ["a"], "dense": {"d": {"embeds": ["a"], "window": 7}}}, "dense.d.window"),
        ({"text": ["a"], "dense": {"d": {"embeds": ["a"], "dims": 0}}}, "dense.d.dims"),
        (
            {"text": ["a"], "dense": {"d": {"embeds": ["a"], "window": 10, "overlap": 6}}},
            "overlap 6 is more than half of the window of 10",
        ),
        ({"text": ["a"], "unknown_fields": "drop"}, "unknown_fields"),
        ({"text": ["a"], "texts": ["b"]}, "did you mean 'text'? known: dense, metadata, text"),
        ({"text": "title"}, 'text: write ["title", "body"] or {"title": "english"}'),
        ({"text": 5}, "text"),
        ({"text": [["a"]]}, "text"),
        ({"text": [5]}, "text"),
        ({"text": ["a"], "metadata": ["year"]}, "metadata"),
        ({"text": ["a"], "dense": ["a"]}, "dense"),
        ({"text": ["a"], "self": 1}, "self"),
    ],
)
def test_wrong_schemas_say_what_is_wrong(given: dict[str, Any], message: str) -> None:
    with pytest.raises(SchemaError) as raised:
        Schema(**given)
    assert str(raised.value).startswith("schema: ")
    assert message in str(raised.value)


FULL = Schema(
    text={"title": "english", "größe": {"weight": 2}},
    metadata={"year": "integer"},
    dense={"d": {"embeds": ["title"], "window": 64, "overlap": 8, "dims": 384}},
    unknown_fields="reject",
)


@pytest.mark.parametrize("schema", [FULL, Schema(text=["a"]), Schema(text=["a"], dense={})])
def test_a_saved_schema_is_loaded_equal(schema: Schema, tmp_path: Path) -> None:
    path = tmp_path / "schema.json"
    schema.save(path)
    assert Schema.load(path) == schema
    assert Schema.load(str(path)) == schema
    assert Schema.from_json(schema.to_json()) == schema
    assert path.read_text(encoding="utf-8").endswith("}\n")


def test_a_schema_that_cannot_be_written_names_the_file(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"cannot write the schema file .*s\.json \(No such"):
        FULL.save(tmp_path / "absent" / "s.json")


def test_schema_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    missing = tmp_path / "missing.json"
    with pytest.raises(SchemaError, match=r"cannot read the schema file .*missing\.json"):
        Schema.load(missing)
    wrong = tmp_path / "wrong.json"
    for content, message in [
        (b"{", "is not JSON"),
        (b"[]", "must be a JSON object"),
        (b'{"text": ["id"]}', "cannot be called 'id'"),
        (b"\xff\xfe", "cannot read the schema file"),
        (b"[" * 100_000, "is not JSON"),
    ]:
        wrong.write_bytes(content)
        with pytest.raises(SchemaError, match=message) as raised:
            Schema.load(wrong)
        assert "wrong.json" in str(raised.value)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 999)
    | st.floats(allow_nan=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(max_size=5) | st.sampled_from(["embeds", "type"]), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["text", "metadata", "dense", "unknown_fields"]) | st.text(max_size=4),
        json_values,
        max_size=3,
    )
)
def test_any_json_is_a_schema_or_refused(given: dict[str, Any]) -> None:
    try:
        schema = Schema.from_json(json.dumps(given))
    except SchemaError:
        return
    assert Schema.from_json(schema.to_json()) == schema


def test_dims_are_filled_in_where_they_are_open() -> None:
    schema = Schema(text=["a"], dense={"x": ["a"], "y": {"embeds": ["a"], "dims": 5}})
    filled = schema.with_dims(7)
    assert {name: field.dims for name, field in filled.dense.items()} == {"x": 7, "y": 5}
    assert schema.dense["x"].dims is None


@pytest.mark.parametrize(
    "definition",
    [
        IndexDefinition(FULL),
        IndexDefinition(FULL, "package:tiny", {"dims": 384, "model": "tiny"}),
    ],
)
def test_a_definition_is_read_back_equal(definition: IndexDefinition) -> None:
    stored = json.loads(json.dumps(definition.as_dict()))
    assert IndexDefinition.from_dict(stored) == definition


@pytest.mark.parametrize("format", [None, 0, 2, "1"])
def test_definitions_of_another_format_are_refused(format: Any) -> None:
    with pytest.raises(EngineError, match="upgrade hybridsearch, or index the source again"):
        IndexDefinition.from_dict({**IndexDefinition(FULL).as_dict(), "format": format})
