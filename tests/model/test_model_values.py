"""Documents and their ids, targets, requests, and the way from a passage back to its fields."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.errors import ConfigurationError, DocumentError, QueryError
from hybridsearch.model.document import MAXIMUM_ID_BYTES, Document, as_document, check_id
from hybridsearch.model.embedded_text import embedded_text, field_text, spans_of
from hybridsearch.model.request import MAXIMUM_QUERY_CHARACTERS, SearchRequest
from hybridsearch.model.target import Target

# Documents


@pytest.mark.parametrize(
    ("id", "reason"),
    [
        (None, "it has no id: give it a string under 'id' (or '_id')"),
        (7, "its id must be a string, not the number 7"),
        (7.5, "its id must be a string, not the number 7.5"),
        (True, "its id must be a string, not the boolean True"),
        (["a"], "its id must be a string, not a list"),
        ({"a": 1}, "its id must be a string, not an object"),
        (b"a", "its id must be a string, not a bytes"),
        ("", "its id is empty"),
        ("a\x00b", "its id contains a NUL character"),
        ("a\ud800", "its id is not valid Unicode"),
        ("x" * (MAXIMUM_ID_BYTES + 1), "its id is 513 bytes long; at most 512 are possible"),
        ("é" * 257, "its id is 514 bytes long"),
    ],
)
def test_ids_that_no_engine_could_keep_are_refused(id: Any, reason: str) -> None:
    with pytest.raises(DocumentError) as raised:
        check_id(id)
    assert reason in raised.value.reason
    with pytest.raises(DocumentError) as raised:
        as_document({"id": id}, {})
    assert reason in raised.value.reason


@pytest.mark.parametrize("id", ["a", " ", "日本", "a/b?c=d", "x" * MAXIMUM_ID_BYTES, "\n"])
def test_any_other_text_is_an_id(id: str) -> None:
    assert as_document({"id": id}, {}).id == id


@pytest.mark.parametrize("version", ["3", " 3 ", 3])
def test_a_version_may_be_written_as_text_as_in_a_table_without_types(version: Any) -> None:
    assert as_document({"id": "a", "_version": version}, {}).version == 3


@pytest.mark.parametrize("version", ["", "-1", "3.0", "1_000", "x", "9" * 5000, -1, 2**63, True])
def test_other_versions_are_refused(version: Any) -> None:
    with pytest.raises(DocumentError, match="its version must be a whole number"):
        as_document({"id": "a", "_version": version}, {})


def test_a_dict_becomes_a_document_with_its_vectors_apart() -> None:
    given = {"_id": "a", "title": "x", "dense": [1.0], "other": None}
    assert as_document(given, {"dense": ...}) == Document(
        "a", {"title": "x", "other": None}, {"dense": [1.0]}
    )
    assert as_document({"id": "a", "_id": "b"}, {}).id == "a"
    assert as_document({"id": "a", "dense": None}, {"dense": ...}).vectors == {}


def test_a_document_is_taken_as_it_is() -> None:
    document = Document("a", {"title": "x"})
    assert as_document(document, {}) is document
    with pytest.raises(DocumentError, match="must be a mapping"):
        as_document(Document("a", ["x"]), {})  # type: ignore[arg-type]
    with pytest.raises(DocumentError, match="its id is empty"):
        as_document(Document("", {}), {})


@pytest.mark.parametrize("wrong", [None, 3, "text", ["a"], {}])
def test_what_is_no_document_is_refused(wrong: Any) -> None:
    with pytest.raises(DocumentError):
        as_document(wrong, {})


# Targets


@pytest.mark.parametrize("text", ["embedded:./books", "embedded:/a:b", "http://host:9200/books"])
def test_a_target_is_an_engine_and_a_place(text: str) -> None:
    target = Target.parse(text)
    assert str(target) == text
    assert target.engine == text.partition(":")[0]


def test_a_tilde_is_the_home_folder_as_in_a_shell(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert Target.parse("embedded:~/books").location == str(tmp_path / "books")


@pytest.mark.parametrize("text", ["", "books", "embedded:", "embedded://", ":x", "embedded: "])
def test_targets_without_an_engine_or_a_place_are_refused(text: str) -> None:
    with pytest.raises(ConfigurationError, match="write embedded:PATH"):
        Target.parse(text)


# Requests


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"k": 0}, "k must be at least 1, not 0"),
        ({"k": 1.0}, "k must be a whole number, not 1.0"),
        ({"k": True}, "k must be a whole number, not True"),
        ({"k": None}, "k must be a whole number, not None"),
        ({"k": "10"}, "k must be a whole number, not '10'"),
        ({"offset": -1}, "offset must be at least 0, not -1"),
        ({"passages": -1}, "passages must be at least 0, not -1"),
        ({"passages": 101}, "passages is 101; a hit shows at most 100 of them"),
        ({"allow_partial": 1}, "allow_partial must be True or False, not 1"),
        ({"explain": "no"}, "explain must be True or False, not 'no'"),
        ({"window": 0}, "window must be at least 1, not 0"),
        ({"k": 10_001}, "offset + k is 10,001; a search returns at most 10,000 hits"),
        ({"k": 1, "offset": 10_000}, "offset + k is 10,001"),
        ({"window": 10_001}, "window is 10,001; at most 10,000 is possible"),
        ({"window": 9}, "window 9 is smaller than offset + k = 10: give window=10 or more"),
        ({"text": ""}, "the query is empty"),
        ({"text": " \n"}, "the query is empty"),
        ({"text": 3}, "the query must be a string, not int"),
        ({"text": None}, "a search needs a query text or a vector"),
        ({"text": "x" * (MAXIMUM_QUERY_CHARACTERS + 1)}, "the query has 10,001 characters"),
        ({"text": "\ud800"}, "the query is not valid Unicode"),
    ],
)
def test_wrong_requests_say_what_would_be_right(options: dict[str, Any], message: str) -> None:
    with pytest.raises(QueryError) as raised:
        SearchRequest(**{"text": "q", **options}).check()
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"text": "x" * MAXIMUM_QUERY_CHARACTERS},
        {"text": None, "vector": [1.0]},
        {"k": 10_000},
        {"k": 1, "offset": 9999},
        {"k": 10, "window": 10},
        {"window": 10_000},
        {"passages": 0},
        {"k": np.int64(3)},
    ],
)
def test_requests_at_the_limits_are_accepted(options: dict[str, Any]) -> None:
    SearchRequest(**{"text": "q", **options}).check()


@pytest.mark.parametrize(
    ("k", "offset", "window", "depth"),
    [(10, 0, None, 200), (150, 100, None, 250), (10, 0, 50, 50)],
)
def test_the_window_is_as_asked_or_wide_enough(
    k: int, offset: int, window: int | None, depth: int
) -> None:
    assert SearchRequest("q", k=k, offset=offset, window=window).depth == depth


# Embedded text

values = st.one_of(
    st.none(),
    st.text(max_size=12),
    st.lists(st.text(max_size=6), max_size=3),
    st.integers(0, 99),
)
documents = st.dictionaries(st.sampled_from(["title", "body", "notes", "year"]), values)
EMBEDS = ["title", "body", "notes"]


def text_of(fields: dict[str, Any]) -> str:
    return embedded_text({name: field_text(fields.get(name)) for name in EMBEDS}, EMBEDS)


@given(documents, st.data())
@settings(max_examples=300)
def test_spans_lead_from_a_passage_back_to_its_fields(
    fields: dict[str, Any], data: st.DataObject
) -> None:
    whole = text_of(fields)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    passage, spans = spans_of(fields, EMBEDS, start, end)
    assert passage == whole[start:end]
    parts = [field_text(fields.get(span.field))[span.start : span.end] for span in spans]
    assert all(parts), "an empty span"
    assert [span.field for span in spans] == [
        name for name in EMBEDS if name in {span.field for span in spans}
    ]
    # Between the fields there is one line break, and at the ends there may be one.
    assert passage in {
        before + "\n".join(parts) + after for before in ("", "\n") for after in ("", "\n")
    }


def test_each_field_is_on_a_line_of_its_own() -> None:
    fields = {"title": "One", "body": "", "notes": ["two", "three"]}
    assert text_of(fields) == "One\ntwo\nthree"
    _, spans = spans_of(fields, EMBEDS, 2, 7)
    assert [(span.field, span.start, span.end) for span in spans] == [
        ("title", 2, 3),
        ("notes", 0, 3),
    ]


def test_a_span_beyond_the_text_ends_with_it() -> None:
    text, spans = spans_of({"title": "One"}, EMBEDS, 1, 99)
    assert text == "ne"
    assert [(span.start, span.end) for span in spans] == [(1, 3)]


@pytest.mark.parametrize(
    ("value", "text"), [(None, ""), ("a", "a"), (["a", "b"], "a\nb"), (("a",), "a"), (5, "5")]
)
def test_text_of_a_field(value: Any, text: str) -> None:
    assert field_text(value) == text
