"""What is read from the replies of each product: true scores, documents as given, outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from cluster_flows import driven, index_on, present, shown

from hybridsearch.engines.calls import (
    Ahead,
    Complete,
    Completed,
    Count,
    Counted,
    DeleteDocument,
    DenseQuery,
    Get,
    Got,
    LexicalQuery,
    PassageMatch,
    Retrieve,
    Retrieved,
    StoredDocument,
    Write,
    WriteDocument,
    Written,
)
from hybridsearch.engines.cluster.answers import answer
from hybridsearch.engines.cluster.wire import LOST, ConnectionLostError, HttpReply
from hybridsearch.errors import RefusedError

LEXICAL = LexicalQuery("lexical", "whale", {"title": 1.0})
DENSE = DenseQuery("dense", "dense", np.array([1.0, 0.0], dtype=np.float32))
PRODUCTS = ("elasticsearch", "opensearch")
# What each product says for a BM25 of 3 and 1, and for dot products of 0.5 and -0.5.
LEXICAL_SCORES = {"elasticsearch": (6.6, 2.2), "opensearch": (3.0, 1.0)}
DENSE_SCORES = {"elasticsearch": (0.75, 0.25), "opensearch": (1.5, 1 / 1.5)}


def found(scores: tuple[float, ...], *ids: str) -> Any:
    """One search's reply: scores and ids, as sort values."""
    hits = [{"sort": [score, id]} for score, id in zip(scores, ids, strict=True)]
    return {"hits": {"hits": hits}, "timed_out": False, "_shards": {"failed": 0}, "status": 200}


def read(product: str, call: Any, *replies: Any) -> Any:
    """What the engine answers when the server replies so."""
    _, answers = driven(answer([call], index_on(product)), replies)
    (only,) = answers
    return only


@pytest.mark.parametrize("product", PRODUCTS)
def test_candidates_come_on_the_retrievers_own_scales(product: str) -> None:
    replies = {
        "responses": [
            found(LEXICAL_SCORES[product], "b1", "b2"),
            found(DENSE_SCORES[product], "b2", "b3"),
        ]
    }
    retrieved = read(product, Retrieve((LEXICAL, DENSE), None, 10), replies)
    assert isinstance(retrieved, Retrieved)
    lexical, dense = retrieved.candidates
    assert (lexical.ids, dense.ids) == (["b1", "b2"], ["b2", "b3"])
    assert lexical.scores == pytest.approx([3.0, 1.0])
    assert dense.scores == pytest.approx([0.5, -0.5])
    assert [given.incomplete for given in retrieved.candidates] == [False, False]


@pytest.mark.parametrize("product", PRODUCTS)
def test_an_empty_list_is_a_list(product: str) -> None:
    """Filtered replies leave out what is empty."""
    retrieved = read(product, Retrieve((LEXICAL,), None, 10), {"responses": [{"status": 200}]})
    assert list(retrieved.candidates[0].ids) == []


@pytest.mark.parametrize("product", PRODUCTS)
def test_completed_scores_come_in_the_order_asked_and_nan_for_none(product: str) -> None:
    inner = {"hits": {"hits": [{"_score": DENSE_SCORES[product][0], "fields": PLACE}]}}
    document = {
        "_source": {
            "id": "b1",
            "title": "Moby",
            "year": 1851,
            "_extra": {"year": "1851", "x": [1]},
        },
        "inner_hits": {"dense": inner},
    }
    replies = {
        "responses": [
            found(LEXICAL_SCORES[product], "b3", "b1"),
            {"hits": {"hits": [document]}},
        ]
    }
    call = Complete((LEXICAL, DENSE), (["b1", "b2", "b3"], []), ["b1"], None, 1)
    completed = read(product, call, replies)
    assert isinstance(completed, Completed)
    lexical, dense = completed.scores
    assert lexical.tolist() == pytest.approx([1.0, np.nan, 3.0], nan_ok=True)
    assert dense.size == 0
    passage = PassageMatch("dense", 4, 9, 0.5)
    fields = {"title": "Moby", "year": "1851", "x": [1]}
    assert completed.documents == {"b1": StoredDocument("b1", fields, (passage,))}


PLACE = {"dense.start": [4], "dense.end": [9]}


@pytest.mark.parametrize("product", PRODUCTS)
def test_more_scores_than_a_search_may_bring_are_asked_for_in_parts(product: str) -> None:
    ids = [f"b{number:05}" for number in range(10_001)]
    low, high = reversed(LEXICAL_SCORES[product])
    replies = {"responses": [found((low,), ids[0]), found((high,), ids[-1])]}
    call = Complete((LEXICAL,), (ids,), [], None, 0)
    (request,), answers = driven(answer([call], index_on(product)), [replies])
    assert [line["size"] for line in shown(request)["body"][1::2]] == [10_000, 1]
    (scores,) = answers[0].scores
    assert (scores[0], scores[-1]) == pytest.approx((1.0, 3.0))
    assert np.isnan(scores[1:-1]).all()


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(("most", "kept", "told"), [(1, 3, True), (2, 1, True), (2, 3, False)])
def test_documents_that_came_along_without_all_passages_are_left_out(
    product: str, most: int, kept: int, told: bool
) -> None:
    places = [{"start": 4, "end": 9}] * kept
    inner = {"hits": {"hits": [{"_score": DENSE_SCORES[product][0], "fields": PLACE}]}}
    document = {"_source": {"id": "b1", "dense": places}, "inner_hits": {"dense": inner}}
    replies = {
        "responses": [
            found(DENSE_SCORES[product][:1], "b1"),
            {"hits": {"hits": [document]}},
        ]
    }
    call = Retrieve((DENSE,), None, 10, Ahead(3, (1.0,), None, most))
    retrieved = read(product, call, replies)
    passage = PassageMatch("dense", 4, 9, 0.5)
    assert retrieved.documents == ({"b1": StoredDocument("b1", {}, (passage,))} if told else {})


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize(
    "reason", ["maxClauseCount is set to 1024", "too many nested clauses: 1025"]
)
def test_too_many_words_are_told_with_the_setting_that_bounds_them(
    product: str, reason: str
) -> None:
    error = {"type": "too_many_clauses", "reason": reason}
    replies = {"responses": [{"status": 400, "error": error}]}
    with pytest.raises(RefusedError, match=r"search with fewer, or raise .*max_clause_count"):
        read(product, Retrieve((LEXICAL,), None, 10), replies)


@pytest.mark.parametrize("product", PRODUCTS)
def test_the_innermost_cause_is_told(product: str) -> None:
    bound = "exceeds the maximum set in [indices.query.bool.max_nested_depth]"
    error: dict[str, Any] = {"type": "illegal_argument_exception", "reason": bound}
    for _ in range(30):
        failed = {"type": "x_content_parse_exception", "reason": "failed to parse field [should]"}
        error = {**failed, "root_cause": [failed], "caused_by": error}
    with pytest.raises(RefusedError, match=r"max_nested_depth\]\): write the filter with fewer"):
        read(product, Retrieve((LEXICAL,), None, 10), HttpReply(400, {"error": error}))


@pytest.mark.parametrize("product", PRODUCTS)
def test_only_the_fields_that_were_asked_for_are_there(product: str) -> None:
    source = {"id": "b1", "title": "Moby", "_extra": {"note": "n"}}
    replies = {"responses": [{"hits": {"hits": [{"_source": source}]}}]}
    call = Complete((LEXICAL,), ([],), ["b1"], ("note", "absent"), 0)
    completed = read(product, call, replies)
    assert completed.documents == {"b1": StoredDocument("b1", {"note": "n"})}


@pytest.mark.parametrize("product", PRODUCTS)
def test_documents_are_those_that_were_found(product: str) -> None:
    docs = [
        {"_id": "b1", "found": True, "_source": {"id": "b1", "title": "Moby"}},
        {"_id": "b2", "found": False},
    ]
    got = read(product, Get(("b1", "b2")), {"docs": docs})
    assert got == Got({"b1": StoredDocument("b1", {"title": "Moby"})})


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_count_tells_bytes_where_it_may(product: str) -> None:
    counted = {
        "hits": {"total": {"value": 7}},
        "aggregations": {"dense": {"doc_count": 9}},
        "_shards": {"failed": 0},
    }
    size = {"_all": {"primaries": {"store": {"size_in_bytes": 123}}}}
    assert read(product, Count(), counted, size) == Counted(7, {"dense": 9}, 123)
    assert read(product, Count(), counted, HttpReply(403, {})) == Counted(7, {"dense": 9}, None)


ODD = "mapper_parsing_exception: odd"


def outcome(status: int, **error: Any) -> Any:
    said = {"error": error} if error else {}
    return {"index": {"status": status, **said}}


def document(id: str) -> WriteDocument:
    return WriteDocument(id, {"title": "x"}, {})


@pytest.mark.parametrize("product", PRODUCTS)
def test_every_document_has_its_outcome_by_its_place_in_the_call(product: str) -> None:
    first = [
        outcome(201),
        outcome(400, type="mapper_parsing_exception", reason="odd"),
        outcome(429, type="rejected", reason="full"),
        outcome(200),
        outcome(503, type="unavailable_shards_exception", reason="moving"),
    ]
    second = [outcome(201), outcome(400, type="mapper_parsing_exception", reason="odd")]
    call = Write([document(id) for id in "abcde"])
    written = read(product, call, present(index_on(product)), {"items": first}, {"items": second})
    assert written == Written(3, 1, ((1, ODD), (4, ODD)))


@pytest.mark.parametrize("product", PRODUCTS)
def test_too_large_a_request_goes_in_halves_and_keeps_places(product: str) -> None:
    too_large = HttpReply(413, "<html>")
    replies = [too_large, {"items": [outcome(201)]}, too_large]
    replies += [{"items": [outcome(400, type="odd", reason="odd")]}]
    call = Write([document(id) for id in "abc"])
    written = read(product, call, present(index_on(product)), *replies)
    assert (written.stored, [at for at, _ in written.failures]) == (1, [1, 2])
    assert "too large" in written.failures[0][1]
    assert written.failures[1][1] == "odd: odd"


@pytest.mark.parametrize("product", PRODUCTS)
def test_deleting_counts_those_that_were_there(product: str) -> None:
    items = [
        {"delete": {"status": 200}},
        {"delete": {"status": 404}},
    ]
    call = Write([DeleteDocument("a"), DeleteDocument("b")])
    replies = (present(index_on(product)), {"items": items})
    assert read(product, call, *replies) == Written(0, 0, deleted=1)


@pytest.mark.parametrize("product", PRODUCTS)
def test_a_deletion_whose_first_answer_was_lost_may_have_been_one(product: str) -> None:
    lost = HttpReply(LOST, ConnectionLostError("it broke"))
    items = [{"delete": {"status": 404}}]
    replies = (present(index_on(product)), lost, {"items": items})
    written = read(product, Write([DeleteDocument("a")]), *replies)
    assert written == Written(0, 0, uncertain=1)


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_is_older_or_has_changed_is_told(product: str) -> None:
    conflict = {"type": "version_conflict_engine_exception", "reason": "[b]: version conflict"}
    items: list[dict[str, Any]] = [
        {"index": {"status": 201}},
        {"index": {"status": 409, "error": conflict}},
        {"delete": {"status": 409, "error": conflict}},
        {"index": {"status": 409, "error": conflict}},
    ]
    call = Write(
        [
            document("a"),
            replace(document("b"), version=3),
            DeleteDocument("c", 2),
            replace(document("d"), state=(5, 1)),
        ]
    )
    replies = (present(index_on(product)), {"items": items})
    assert read(product, call, *replies) == Written(1, 0, outdated=(1, 2), changed=(3,))
