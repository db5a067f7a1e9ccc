"""The record of a search: the fields of UBI, what is our own among them, and nothing secret."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch import Hit, SearchRequest, SearchResponse, field
from hybridsearch.engines.cluster.log_index import PROPERTIES, STEPS
from hybridsearch.errors import DeadlineError, HybridSearchError, QueryError
from hybridsearch.fusion.convex import Convex
from hybridsearch.searching.record import MAXIMUM_MESSAGE_CHARACTERS, Issue, query_record
from hybridsearch.searching.timings import STEPS as TIMED

# The query of UBI 1.3.0: names, JSON types and the most characters.
UBI = {
    "application": (str, 100),
    "query_id": (str, 100),
    "client_id": (str, 100),
    "user_query": (str, None),
    "query_attributes": (dict, None),
    "object_id_field": (str, 100),
    "timestamp": (str, None),
    "query_response_id": (str, None),
    "query_response_hit_ids": (list, None),
}
INDEX_ONLY = {"query"}  # of the index `ubi_queries`, beside the schema of a query
ISSUE = Issue("elasticsearch://localhost:9200/books", 1_764_000_000.25, 12.3456, 2)


def response(**changes: Any) -> SearchResponse:
    given: dict[str, Any] = {
        "hits": (Hit("b", 0.9, {"title": "kept out"}), Hit("a", 0.5, {})),
        "candidates": {"lexical": 7, "dense": 9},
        "completed": {"lexical": 1, "dense": 2},
        "timings_ms": dict.fromkeys(TIMED, 1.5),
    }
    return SearchResponse(**{**given, **changes})


def record(request: SearchRequest, **changes: Any) -> dict[str, Any]:
    made = query_record(request, response(**changes), ISSUE)
    assert json.loads(json.dumps(made)) == made
    return made


def test_a_full_record_has_the_fields_of_ubi_and_no_others() -> None:
    made = record(SearchRequest("whales", query_id="q1", client_id="c1", application="shop"))
    assert made.keys() == {*UBI, *INDEX_ONLY}
    for name, (kind, most) in UBI.items():
        assert isinstance(made[name], kind), name
        assert most is None or len(made[name]) <= most
    assert datetime.fromisoformat(made["timestamp"]) == datetime.fromtimestamp(ISSUE.at, UTC)
    assert made["timestamp"].endswith("Z")
    assert str(uuid.UUID(made["query_response_id"])) == made["query_response_id"]
    assert (made["query_id"], made["client_id"], made["application"]) == ("q1", "c1", "shop")
    assert made["query_response_hit_ids"] == ["b", "a"]


def test_our_own_attributes_tell_how_the_search_went() -> None:
    request = SearchRequest(
        "whales", k=2, offset=1, where=field("year") > 1900, fusion=Convex(dense=0.5)
    )
    own = record(request, degraded=True, warnings=("shard 1 did not answer",))["query_attributes"]
    assert own["index"] == ISSUE.index
    assert own["filter"] == "year > 1900"
    assert (own["fusion"], own["fusion_settings"]) == ("convex", "convex(dense=0.5)")
    assert own["hits"] == [{"id": "b", "score": 0.9}, {"id": "a", "score": 0.5}]
    assert (own["hit_count"], own["best_score"]) == (2, 0.9)
    assert (own["k"], own["offset"], own["window"], own["batch"]) == (2, 1, 200, 2)
    assert own["completed"] == {"lexical": 1, "dense": 2}
    assert own["completed_scores"] == 3
    assert own["retrievers"] == ["lexical", "dense"]
    assert own["timings_ms"] == dict.fromkeys(TIMED, 1.5)
    assert own["took_ms"] == 12.346
    assert (own["degraded"], own["warning_count"]) == (True, 1)


def test_what_is_not_known_is_left_out() -> None:
    made = record(SearchRequest(vector=np.ones(2, np.float32)), hits=())
    assert "user_query" not in made
    assert "client_id" not in made
    assert made["query_response_hit_ids"] == []
    assert "best_score" not in made["query_attributes"]
    assert "filter" not in made["query_attributes"]


@pytest.mark.parametrize("score", [2e300, -2e300, float("inf")])
def test_a_score_that_the_log_has_no_field_for_is_left_out(score: float) -> None:
    own = record(SearchRequest("moby"), hits=(Hit("a", score, {}),))["query_attributes"]
    assert "best_score" not in own
    assert own["hit_count"] == 1


def test_neither_vectors_nor_fields_are_kept() -> None:
    vector = np.array([0.123456, 0.5], np.float32)
    made = json.dumps(record(SearchRequest("whales", vector=vector, k=np.int64(3))))  # type: ignore[arg-type]
    assert "0.1234" not in made
    assert "kept out" not in made


def test_the_query_is_the_request_in_json() -> None:
    asked = json.loads(record(SearchRequest("whales", fields=("title",), window=50))["query"])
    assert asked == {
        "text": "whales",
        "k": 10,
        "window": 50,
        "fusion": "convex",
        "fields": ["title"],
    }


def test_every_field_of_a_record_has_a_place_in_the_mapping() -> None:
    request = SearchRequest("w", where="year > 1", query_id="q", client_id="c", application="a")
    made = record(request, warnings=("w",))
    failed = failed_record(request, QueryError("wrong"))
    assert made.keys() == failed.keys() == PROPERTIES.keys()
    own = PROPERTIES["query_attributes"]["properties"]
    assert {*made["query_attributes"], *failed["query_attributes"]} == own.keys()
    assert made["query_attributes"].keys() == own.keys() - {"error", "error_message"}
    assert made["query_attributes"]["timings_ms"].keys() == own["timings_ms"]["properties"].keys()
    assert STEPS == TIMED


@pytest.mark.parametrize("name", ["query_id", "client_id", "application"])
@pytest.mark.parametrize("value", ["", "x" * 101, 7])
def test_names_are_checked(name: str, value: Any) -> None:
    with pytest.raises(QueryError, match=f"{name} must be a string of 1 to 100 characters"):
        SearchRequest("whales", **{name: value}).check()


def failed_record(request: SearchRequest, error: Exception) -> dict[str, Any]:
    made = query_record(request, error, ISSUE)
    assert orjson.loads(orjson.dumps(made)) == made
    return made


def test_a_search_that_failed_has_its_request_and_its_error_and_no_hits() -> None:
    request = SearchRequest(
        "whales", k=3, where="year > 1900", query_id="q1", retrievers=("lexical",), fusion="rrf"
    )
    made = failed_record(request, DeadlineError("no answer within 3 s: give it more time"))
    assert (made["user_query"], made["query_id"]) == ("whales", "q1")
    assert made["query_response_hit_ids"] == []
    assert json.loads(made["query"])["where"] == "year > 1900"
    assert made["query_attributes"] == {
        "index": ISSUE.index,
        "k": 3,
        "offset": 0,
        "window": 200,
        "filter": "year > 1900",
        "retrievers": ["lexical"],
        "fusion": "rrf",
        "fusion_settings": "rrf",
        "took_ms": 12.346,
        "batch": 2,
        "error": "DeadlineError",
        "error_message": "no answer within 3 s: give it more time",
    }


def test_messages_of_others_are_not_kept() -> None:
    for error in (ValueError("password=hush"), OSError(5, "hush")):
        made = failed_record(SearchRequest("whales"), error)
        assert made["query_attributes"]["error"] == type(error).__name__
        assert "error_message" not in made["query_attributes"]
        assert "hush" not in str(made)


@pytest.mark.parametrize("beyond", [0, 1, 100_000])
def test_a_long_message_is_cut(beyond: int) -> None:
    told = "x" * (MAXIMUM_MESSAGE_CHARACTERS + beyond)
    own = failed_record(SearchRequest("w"), HybridSearchError(told))["query_attributes"]
    assert len(own["error_message"]) == MAXIMUM_MESSAGE_CHARACTERS
    assert own["error_message"].endswith("…") == bool(beyond)


def test_what_was_wrong_is_kept_as_far_as_it_has_a_place() -> None:
    wrong = SearchRequest("w\ud800" * 9_000, k=10**30, client_id="c" * 200, fusion="rff( k = 1 )")
    made = failed_record(wrong, QueryError("wrong"))
    assert made["user_query"] == ("w?" * 9_000)[:10_000]
    assert made["client_id"] == "c" * 100
    assert json.loads(made["query"])["k"] == 10**30
    own = made["query_attributes"]
    assert not own.keys() & {"k", "offset", "window"}
    assert (own["fusion"], own["fusion_settings"]) == ("rff", "rff( k = 1 )")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters())
ANYTHING = SCALARS | st.lists(SCALARS, max_size=3) | st.binary(max_size=3)


@given(
    st.fixed_dictionaries(
        {},
        optional=dict.fromkeys(
            (
                *("text", "vector", "k", "offset", "window", "where", "fusion", "retrievers"),
                *("fields", "query_id", "client_id", "application"),
            ),
            ANYTHING,
        ),
    )
)
def test_whatever_was_asked_the_record_fits_the_log(options: dict[str, Any]) -> None:
    made = failed_record(SearchRequest(**options), QueryError("wrong"))
    assert made.keys() <= PROPERTIES.keys()
    own = PROPERTIES["query_attributes"]["properties"]
    for name, value in made["query_attributes"].items():
        if own[name]["type"] == "integer":
            assert 0 <= value < 2**31, name
        elif own[name]["type"] in {"keyword", "text"}:
            values = value if isinstance(value, list) else [value]
            assert all(isinstance(each, str) for each in values), name
