"""Searching: retrievers, windows, ties, paging, batches, passages and what a response says."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from bm25 import lucene_bm25
from vectors import random_units, unit

from hybridsearch import HybridIndex, Schema, SearchRequest
from hybridsearch.errors import ConfigurationError, QueryError, UnknownNameError

WORDS = [
    "red",
    "green",
    "blue",
    "yellow",
    "black",
    "white",
    "amber",
    "coral",
    "ivory",
    "khaki",
    "lilac",
    "mauve",
    "ochre",
]


def library(count: int, seed: int = 0) -> list[dict[str, Any]]:
    """Documents of random words and vectors; ids do not follow the order of insertion."""
    random = np.random.default_rng(seed)
    vectors = random_units(count, seed=seed)
    order = random.permutation(count)
    return [
        {
            "id": f"d{order[number]:04d}",
            "title": " ".join(random.choice(WORDS, random.integers(1, 4))),
            "body": " ".join(random.choice(WORDS, random.integers(1, 60))),
            "year": int(number % 10),
            "dense": vectors[number],
        }
        for number in range(count)
    ]


LIBRARY = library(500)


@pytest.fixture(scope="module")
def shelf(make_shared: Any) -> HybridIndex:
    """The library, for tests that only read."""
    made: HybridIndex = make_shared(LIBRARY)
    return made


def test_lexical_scores_are_lucenes_bm25_summed_over_weighted_fields(shelf: HybridIndex) -> None:
    scores = 2.0 * lucene_bm25([d["title"].split() for d in LIBRARY], ["red", "ivory"])
    scores += lucene_bm25([d["body"].split() for d in LIBRARY], ["red", "ivory"])
    expected = {d["id"]: s for d, s in zip(LIBRARY, scores, strict=True) if s > 0}
    response = shelf.search("red ivory", k=500, retrievers=["lexical"], explain=True)
    found = {hit.id: hit.ledger["lexical"].score for hit in response.hits}
    assert found.keys() == expected.keys()
    for id, score in expected.items():
        assert found[id] == pytest.approx(score, rel=1e-5)


def test_dense_scores_are_exact_dot_products(shelf: HybridIndex) -> None:
    query = unit(1, -2, 3)
    expected = sorted(
        ((-float(d["dense"] @ query), d["id"]) for d in LIBRARY),
    )
    response = shelf.search(vector=query, k=40, retrievers=["dense"], explain=True)
    assert [hit.id for hit in response.hits] == [id for _, id in expected[:40]]
    for hit, (score, _) in zip(response.hits, expected, strict=False):
        assert hit.ledger["dense"].score == pytest.approx(-score, abs=1e-6)


def test_the_default_blends_both_retrievers_with_dense_weight_08(shelf: HybridIndex) -> None:
    response = shelf.search("red ivory", vector=unit(1, 1), k=5, explain=True)
    assert list(response.candidates) == ["lexical", "dense"]
    for hit in response.hits:
        ledger = hit.ledger
        assert (ledger["lexical"].weight, ledger["dense"].weight) == pytest.approx((0.2, 0.8))
        assert ledger["lexical"].contribution is not None
        assert ledger["dense"].contribution is not None
        assert hit.score == pytest.approx(
            ledger["lexical"].contribution + ledger["dense"].contribution
        )
    scores = [hit.score for hit in response.hits]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize("fusion", ["convex", "rrf", "combmnz", "convex(normalise='z-score')"])
def test_paging_by_offset_gives_the_same_hits_as_one_page(shelf: HybridIndex, fusion: str) -> None:
    asked: dict[str, Any] = {"vector": unit(1, 1), "fusion": fusion, "window": 60}
    whole = [hit.id for hit in shelf.search("red blue", k=30, **asked).hits]
    pages = [
        hit.id
        for offset in range(0, 30, 7)
        for hit in shelf.search("red blue", k=min(7, 30 - offset), offset=offset, **asked).hits
    ]
    assert pages == whole


def test_ties_are_broken_by_id_also_where_the_window_cuts(make: Any) -> None:
    ids = [f"t{number:03d}" for number in np.random.default_rng(3).permutation(120)]
    index = make({"id": id, "title": "same words", "dense": unit(1)} for id in ids)
    for retrievers in (["lexical"], ["dense"], None):
        response = index.search("same", vector=unit(1), k=10, window=10, retrievers=retrievers)
        assert [hit.id for hit in response.hits] == sorted(ids)[:10]


def test_search_many_gives_what_single_searches_give(shelf: HybridIndex) -> None:
    requests = [
        SearchRequest(text=word, vector=vector, k=7, explain=True)
        for word, vector in zip(WORDS, random_units(len(WORDS), seed=5), strict=True)
    ]
    together = shelf.search_many(requests)
    for request, response in zip(requests, together, strict=True):
        alone = shelf.search_many([request])[0]
        assert alone.hits == response.hits
        assert alone.candidates == response.candidates
    assert shelf.search_many([]) == []


@pytest.mark.parametrize("one", ["red", SearchRequest("red"), None, 3])
def test_search_many_of_one_query_says_to_put_it_into_a_list(shelf: HybridIndex, one: Any) -> None:
    with pytest.raises(QueryError, match="into a list"):
        shelf.search_many(one)


def test_search_many_applies_its_options_to_every_text(shelf: HybridIndex) -> None:
    responses = shelf.search_many(["red", "blue"], k=3, retrievers=["lexical"])
    assert [len(response.hits) for response in responses] == [3, 3]


def test_a_response_tells_candidates_completions_and_times(shelf: HybridIndex) -> None:
    response = shelf.search("red ivory", vector=unit(1, 1), k=5, window=20)
    assert response.candidates == {"lexical": 20, "dense": 20}
    assert set(response.completed) == {"lexical", "dense"}
    assert list(response.timings_ms) == ["encode", "retrieve", "complete", "fuse", "fetch"]
    assert all(value >= 0 for value in response.timings_ms.values())
    assert response.warnings == ()


def test_fields_limits_what_comes_back(shelf: HybridIndex) -> None:
    hit = shelf.search("red", vector=unit(1), k=1, fields=["year", "none"]).hits[0]
    assert set(hit.fields) == {"year"}
    assert set(shelf.search("red", vector=unit(1), k=1, fields=[]).hits[0].fields) == set()


def test_passages_zero_gives_none(shelf: HybridIndex) -> None:
    assert shelf.search("red", vector=unit(1), passages=0).hits[0].passages == ()


def test_a_given_vector_stands_for_the_whole_text(make: Any) -> None:
    index = make([{"id": "1", "title": "a title", "body": "and a body", "dense": unit(1)}])
    passage = index.search(vector=unit(1)).hits[0].passages[0]
    assert passage.text == "a title\nand a body"
    assert [(span.field, span.start, span.end) for span in passage.spans] == [
        ("title", 0, 7),
        ("body", 0, 10),
    ]


def test_without_an_encoder_a_document_without_a_vector_is_set_aside(make: Any) -> None:
    index = make(library(5))
    report = index.add([{"id": "plain", "year": 3, "title": "unheard-of"}])
    assert (report.indexed, report.failed) == (0, 1)
    assert "no encoder" in report.failures[0].reason
    assert index.count() == 5


def test_a_text_without_an_encoder_is_searched_lexically_with_a_warning(shelf: HybridIndex) -> None:
    response = shelf.search("red")
    assert response.candidates.keys() == {"lexical"}
    assert "no encoder" in response.warnings[0]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"k": 0}, QueryError, "k must be at least 1"),
        ({"k": 1_000_000}, QueryError, "narrow it with a filter"),
        ({"k": 1.5}, QueryError, "whole number"),
        ({"k": True}, QueryError, "whole number"),
        ({"offset": -1}, QueryError, "offset must be at least 0"),
        ({"window": 5}, QueryError, "window 5 is smaller"),
        ({"window": 20_000}, QueryError, "at most 10,000"),
        ({"fusion": "convx"}, UnknownNameError, "did you mean 'convex'"),
        ({"fusion": 3}, ConfigurationError, "not a fusion"),
        ({"retrievers": ["lexcal"]}, UnknownNameError, "did you mean 'lexical'"),
        ({"retrievers": []}, QueryError, "at least one"),
        ({"retrievers": ["dense"]}, QueryError, "needs a vector"),
        ({"vector": [1.0, 0.0]}, QueryError, "2 numbers"),
        ({"vector": [float("nan")] * 8}, QueryError, "NaN"),
        ({"vector": [0.0] * 8}, QueryError, "every number in it is 0"),
        ({"wher": "year > 3"}, UnknownNameError, "did you mean 'where'"),
        ({"fields": [1]}, QueryError, "fields must be names"),
        ({"fields": 1}, QueryError, "fields must be names, one or an iterable of them, not 1"),
    ],
)
def test_wrong_options_are_told(
    shelf: HybridIndex, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        shelf.search("red", **options)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("x" * 50_000, "50,000 characters"),
        ("\ud800", "not valid Unicode"),
        (7, "must be a string"),
        (None, "needs a query text or a vector"),
    ],
)
def test_wrong_queries_are_told(shelf: HybridIndex, text: Any, message: str) -> None:
    with pytest.raises(QueryError, match=message):
        shelf.search(text)


@pytest.mark.parametrize("text", ["!!! ???", 'AND OR NOT ( " : ^ ~ *', "the of", "\x00", "🙂"])
def test_a_query_without_known_terms_finds_nothing_and_does_no_harm(
    shelf: HybridIndex, text: str
) -> None:
    assert shelf.search(text, retrievers=["lexical"]).hits == ()


def test_repeated_terms_count_as_often_as_they_stand(shelf: HybridIndex) -> None:
    once = shelf.search("red", k=500, retrievers=["lexical"], explain=True).hits
    twice = shelf.search("red red", k=500, retrievers=["lexical"], explain=True).hits
    assert [hit.id for hit in once] == [hit.id for hit in twice]
    for a, b in zip(once, twice, strict=True):
        score = a.ledger["lexical"].score
        assert score is not None
        assert 2 * score == pytest.approx(b.ledger["lexical"].score, rel=1e-5)


def test_every_search_shows_as_many_passages_as_it_asks_for(
    target: str, schema: Schema, settings: dict[str, Any]
) -> None:
    """Also where documents come along with the candidates, which a later search may try."""
    indexed = {} if not settings else {**settings, "vector_index": "hnsw"}
    with HybridIndex.create(target, schema=schema, encoder=None, settings=indexed) as index:
        vectors = [[unit(n, n + 1), unit(n), unit(n + 1)] for n in (1, 3, 5)]
        index.add([{"id": f"d{n}", "title": "red", "dense": v} for n, v in enumerate(vectors)])
        for _ in range(3):
            hits = index.search("red", vector=unit(1), passages=2).hits
            assert [len(hit.passages) for hit in hits] == [2, 2, 2]
            assert all(hit.passages[0].score >= hit.passages[1].score for hit in hits)
