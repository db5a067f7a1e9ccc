"""Trips to the engine: as few as what is open allows, and documents on them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from search_fakes import (
    FEW_OPEN,
    FIVE,
    NAN,
    engine,
)

from hybridsearch.engines.calls import Complete, Completed, Retrieve
from hybridsearch.model.request import SearchRequest
from hybridsearch.searching.foresight import Foresight


def test_nothing_open_means_one_trip_after_retrieval() -> None:
    fake = engine(FIVE)
    fake.search(SearchRequest("q", k=3))
    (fetch,) = fake.trips(Complete)
    assert fetch.fetch == ["d01", "d02", "d00"]
    assert [len(ids) for ids in fetch.missing] == [0, 0]


def test_few_open_scores_travel_with_the_fields() -> None:
    fake = engine(FEW_OPEN)
    response = fake.search(SearchRequest("q", k=2, window=2))
    (trip,) = fake.trips(Complete)
    assert sum(map(len, trip.missing)) == sum(response.completed.values()) > 0
    assert {hit.id for hit in response.hits} <= set(trip.fetch)
    assert response.timings_ms["complete"] >= 0


def test_of_many_open_candidates_the_fields_of_the_likeliest_travel_with_the_scores() -> None:
    many = [(100.0 - n, NAN) for n in range(60)] + [(NAN, 0.9 - n / 1000) for n in range(60)]
    fake = engine(many)
    response = fake.search(SearchRequest("q", k=1, window=60, fusion="combsum"))
    (completion,) = fake.trips(Complete)
    assert len(completion.fetch) == 5
    assert response.hits[0].id in completion.fetch


def test_a_best_candidate_that_nobody_expected_is_fetched_late() -> None:
    # Twenty that look better than the last one does until its dense score is known.
    scores = [(10.0 - n / 100, 0.0) for n in range(20)] + [(0.1, 1.0)]
    fake = engine(scores)
    response = fake.search(SearchRequest("q", k=1, window=20, fusion="convex(dense=0.8)"))
    assert response.hits[0].id == "d20"
    assert "title" in response.hits[0].fields


def test_documents_that_came_along_are_not_asked_for_again() -> None:
    fake = engine(FIVE, brings=frozenset({"d00", "d01", "d02"}))
    response = fake.search(SearchRequest("q", k=3))
    assert fake.trips(Complete) == []
    assert [hit.fields["title"] for hit in response.hits] == ["Title d01", "Title d02", "Title d00"]


def test_a_wrong_guess_costs_one_more_trip_for_the_rest() -> None:
    fake = engine(FIVE, brings=frozenset({"d00", "d04"}))
    response = fake.search(SearchRequest("q", k=3))
    (fetch,) = fake.trips(Complete)
    assert fetch.fetch == ["d01", "d02"]
    assert all(hit.fields for hit in response.hits)


def test_what_is_brought_along_is_told_by_weights_and_count() -> None:
    fake = engine(FIVE)
    fake.search(SearchRequest("q", k=3, offset=2, fields=("year",), passages=0))
    (retrieve,) = fake.trips(Retrieve)
    assert retrieve.ahead is not None
    assert (retrieve.ahead.count, retrieve.ahead.weights) == (11, (0.2, 0.8))
    assert (retrieve.ahead.fields, retrieve.ahead.passages) == (("year",), 0)


def test_ids_and_scores_alone_take_no_trip_for_documents() -> None:
    fake = engine(FIVE)
    response = fake.search(SearchRequest("q", k=3, fields=(), passages=0))
    assert fake.trips(Complete) == []
    assert [hit.fields for hit in response.hits] == [{}, {}, {}]
    (retrieve,) = fake.trips(Retrieve)
    assert retrieve.ahead is None


def test_deep_pages_bring_nothing_along() -> None:
    fake = engine(FIVE)
    fake.search(SearchRequest("q", k=10, offset=90))
    (retrieve,) = fake.trips(Retrieve)
    assert retrieve.ahead is None


def test_fetch_time_of_a_shared_trip_is_told_apart() -> None:
    fake = engine(FEW_OPEN)
    answer = fake.answer

    def slow(call: Any) -> Any:
        reply = answer(call)
        if isinstance(reply, Completed):
            reply = Completed(reply.scores, reply.documents, {"fetch": 1e9}, ("careful",))
        return reply

    fake.answer = slow  # type: ignore[method-assign]
    response = fake.search(SearchRequest("q", k=2, window=2))
    assert response.timings_ms["complete"] == 0
    assert response.timings_ms["fetch"] > 0
    assert response.warnings == ("careful",)


@pytest.mark.parametrize("window", [None, 2])
def test_where_documents_vanish_the_search_is_asked_again(window: int | None) -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d02", "d03"}))
    response = fake.search(SearchRequest("q", k=2, window=window))
    without = engine([*FEW_OPEN[:2], (NAN, NAN), (NAN, NAN)])
    assert response.hits == without.search(SearchRequest("q", k=2, window=window)).hits
    assert {hit.id for hit in response.hits} == {"d00", "d01"}
    assert response.warnings == ()
    assert len(fake.trips(Retrieve)) == 2


@pytest.mark.parametrize("window", [None, 2])
def test_what_vanishes_again_and_again_is_left_out_with_a_warning(window: int | None) -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d01", "d02", "d03"}), lists_gone=True)
    response = fake.search(SearchRequest("q", k=2, window=window))
    assert len(response.hits) < 2
    assert not {hit.id for hit in response.hits} & fake.gone
    gone = 2 - len(response.hits)
    assert response.warnings == (f"{gone} of the hits were deleted while the search was running",)
    assert len(fake.trips(Retrieve)) == 2


def test_what_did_not_answer_is_not_asked_again() -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d02", "d03"}))
    answer = fake.answer

    def in_part(call: Any) -> Any:
        reply = answer(call)
        return replace(reply, warnings=("a part",)) if isinstance(reply, Completed) else reply

    fake.answer = in_part  # type: ignore[method-assign]
    response = fake.search(SearchRequest("q", k=2, window=2, allow_partial=True))
    assert response.degraded
    told, gone = response.warnings
    assert told == "a part"
    assert gone == (
        "2 of the hits were deleted while the search was running, or are in a part of the index "
        "that did not answer"
    )
    assert len(fake.trips(Retrieve)) == 1


def test_vanished_documents_are_not_fetched_twice() -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d01", "d02", "d03"}))
    fake.search(SearchRequest("q", k=2, window=2))
    assert len(fake.trips(Complete)) == len(fake.trips(Retrieve)) == 2


def test_documents_are_no_longer_brought_along_where_that_saves_no_trips() -> None:
    fake = engine(FEW_OPEN, brings=frozenset({"d02", "d03"}))
    for _ in range(20):
        fake.search(SearchRequest("q", k=2, window=2))
    first, *_, last = fake.trips(Retrieve)
    assert (first.ahead is None, last.ahead is None) == (False, True)
    fetched = fake.trips(Complete)[-1].fetch
    assert set(fetched) >= {"d02", "d03"}


def test_documents_are_brought_along_again_once_that_saves_trips() -> None:
    every = frozenset({"d00", "d01", "d02", "d03"})
    fake = engine(FEW_OPEN, brings=every, foresight=_without_hope())
    fake.search(SearchRequest("q", k=2, window=4))
    (retrieve,) = fake.trips(Retrieve)
    assert retrieve.ahead is None
    for _ in range(20):
        fake.search(SearchRequest("q", k=2, window=4))
    assert fake.trips(Retrieve)[-1].ahead is not None


def test_ids_alone_and_deep_pages_teach_nothing() -> None:
    fake = engine(FEW_OPEN, foresight=_without_hope())
    for _ in range(20):
        fake.search(SearchRequest("q", k=2, window=4, fields=(), passages=0))
        fake.search(SearchRequest("q", k=2, offset=90))
    assert not fake.foresight.candidates.pays


def test_documents_travel_with_scores_only_where_that_saves_trips() -> None:
    fake = engine(FEW_OPEN, foresight=_without_hope())
    hopeless = fake.foresight.scores
    while hopeless.pays:
        hopeless.learn(saved=False)
    response = fake.search(SearchRequest("q", k=2, window=2))
    completion, fetch = fake.trips(Complete)
    assert list(completion.fetch) == []
    assert list(fetch.fetch) == [hit.id for hit in response.hits]
    assert all(hit.fields for hit in response.hits)
    for _ in range(20):  # the guess would have been right each time
        fake.search(SearchRequest("q", k=2, window=2))
    assert fake.foresight.scores.pays
    assert {hit.id for hit in response.hits} <= set(fake.trips(Complete)[-1].fetch)


def _without_hope() -> Foresight:
    foresight = Foresight()
    while foresight.candidates.pays:
        foresight.candidates.learn(saved=False)
    return foresight
