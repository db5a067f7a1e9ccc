"""The search flow, driven without an engine: every score of the collection is known."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hidden_scores import HiddenScores, fusions, hidden_scores
from hypothesis import given, settings
from hypothesis import strategies as st
from search_fakes import (
    BY_COLUMNS,
    COLLECTIONS,
    COLUMNS,
    FIVE,
    NAN,
    SCHEMA,
    FakeEngine,
    engine,
)

from hybridsearch.encoding.calls import EncodeQuery
from hybridsearch.engines.calls import Complete, Retrieve
from hybridsearch.errors import ConfigurationError, FilterError, QueryError, UnknownNameError
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.order_statistics import Median
from hybridsearch.model.filters import Term
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.searching.flow import search
from hybridsearch.searching.foresight import Foresight


@given(st.data(), hidden_scores(columns=COLLECTIONS), st.integers(1, 9), st.integers(0, 4))
@settings(max_examples=500, deadline=None)
def test_search_agrees_with_brute_force(
    data: st.DataObject, hidden: HiddenScores, k: int, offset: int
) -> None:
    fusion = data.draw(fusions(hidden.columns))
    window = data.draw(st.integers(k + offset, 14))
    fake = FakeEngine(hidden)
    names = tuple(column.name for column in hidden.columns)
    request = SearchRequest("query", k=k, offset=offset, window=window, fusion=fusion, explain=True)
    response = fake.search(request, BY_COLUMNS[names])

    expected = hidden.best(window, fusion, offset + k)[offset:]
    assert [(hit.id, hit.score) for hit in response.hits] == expected
    assert response.candidates == {
        name: len(given.ids) for name, given in zip(names, hidden.lists(window), strict=True)
    }
    assert response.warnings == ()
    assert list(response.timings_ms) == ["encode", "retrieve", "complete", "fuse", "fetch"]
    assert all(value >= 0 for value in response.timings_ms.values())

    trips = fake.trips(Complete)
    asked = [sum(map(len, call.missing)) for call in trips]
    assert sum(count > 0 for count in asked) <= 1, "completion took more than one trip"
    assert sum(asked) == sum(response.completed.values())
    assert len(trips) <= 2
    missing = ~hidden.candidacy(window).table.scored
    assert sum(asked) <= missing.sum(), "more was asked than full completion asks"
    fetched = [id for call in trips for id in call.fetch]
    assert len(set(fetched)) == len(fetched), "a document was fetched twice"
    _check_ledgers(response, hidden, window, fusion.missing == "complete")


def _check_ledgers(
    response: SearchResponse, hidden: HiddenScores, window: int, completes: bool
) -> None:
    lists = hidden.lists(window)
    for hit in response.hits:
        assert list(hit.ledger) == [column.name for column in hidden.columns]
        contributions = [entry.contribution for entry in hit.ledger.values()]
        if None not in contributions:
            assert sum(c for c in contributions if c is not None) == pytest.approx(hit.score)
        for position, entry in enumerate(hit.ledger.values()):
            ids = list(lists[position].ids)
            assert entry.rank == (ids.index(hit.id) + 1 if hit.id in ids else None)
            true = hidden.score(position, hit.id)
            if entry.rank is not None:
                assert entry.score == true
                assert not entry.completed
            elif completes:
                assert entry.score == (hidden.columns[position].minimum if np.isnan(true) else true)
                assert entry.completed == (len(ids) >= window)
            else:
                assert entry.score is None
                assert not entry.completed


@given(st.data(), hidden_scores(columns=[COLUMNS]), st.integers(1, 4))
@settings(max_examples=150, deadline=None)
def test_pages_put_together_are_one_long_page(
    data: st.DataObject, hidden: HiddenScores, pages: int
) -> None:
    fusion = data.draw(fusions(hidden.columns))
    window = data.draw(st.integers(3 * pages, 16))

    def found(k: int, offset: int) -> list[tuple[str, float]]:
        request = SearchRequest("q", k=k, offset=offset, window=window, fusion=fusion)
        return [(hit.id, hit.score) for hit in FakeEngine(hidden).search(request).hits]

    together = [hit for page in range(pages) for hit in found(3, 3 * page)]
    assert together == found(3 * pages, 0)


def test_a_page_beyond_the_last_hit_is_empty() -> None:
    fake = engine(FIVE)
    assert fake.search(SearchRequest("q", k=3, offset=9)).hits == ()
    assert fake.trips(Complete) == []


def test_no_candidates_are_an_empty_answer() -> None:
    fake = engine([(NAN, NAN)])
    response = fake.search(SearchRequest("q"))
    assert response.hits == ()
    assert response.candidates == response.completed == {"lexical": 0, "dense": 0}
    assert fake.trips(Complete) == []


def test_only_the_asked_for_fields_come_back_but_passages_have_their_text() -> None:
    fake = engine(FIVE)
    response = fake.search(SearchRequest("q", k=1, fields=("year",)))
    (hit,) = response.hits
    assert hit.fields == {"year": 1999}
    assert hit.passages[0].text == "Title"
    assert fake.trips(Complete)[0].fields == ("year", "title", "body")


def test_without_passages_only_the_asked_for_fields_are_fetched() -> None:
    fake = engine(FIVE)
    (hit,) = fake.search(SearchRequest("q", k=1, fields=("year", "none"), passages=0)).hits
    assert fake.trips(Complete)[0].fields == ("year", "none")
    assert hit.fields == {"year": 1999}
    assert hit.passages == ()


def test_all_fields_come_back_unless_some_are_asked_for() -> None:
    fake = engine(FIVE)
    (hit,) = fake.search(SearchRequest("q", k=1)).hits
    assert fake.trips(Complete)[0].fields is None
    assert list(hit.fields) == ["title", "body", "year"]


def test_ledgers_are_made_only_to_explain() -> None:
    assert engine(FIVE).search(SearchRequest("q")).hits[0].ledger == {}


def test_fusions_without_parts_have_no_contributions() -> None:
    (hit, *_) = engine(FIVE).search(SearchRequest("q", fusion=Median(), explain=True)).hits
    assert [entry.contribution for entry in hit.ledger.values()] == [None, None]


def test_the_query_is_encoded_once_and_retrieval_gets_the_whole_window() -> None:
    fake = engine(FIVE)
    fake.search(SearchRequest("words", k=3, where="year == 1999"))
    assert [type(call) for call in fake.calls] == [EncodeQuery, Retrieve, Complete]
    retrieve = fake.calls[1]
    assert retrieve.window == 200
    assert retrieve.where == Term("year", 1999)
    assert [query.name for query in retrieve.queries] == ["lexical", "dense"]


def test_a_given_vector_is_not_encoded_and_needs_no_text() -> None:
    fake = engine(FIVE)
    response = fake.search(SearchRequest(vector=[0.0, 1.0], retrievers=("dense",)))
    assert not fake.trips(EncodeQuery)
    assert [hit.id for hit in response.hits] == ["d01", "d02", "d00", "d04"]
    assert response.candidates == {"dense": 4}


def test_a_lexical_search_encodes_nothing() -> None:
    fake = engine(FIVE)
    response = fake.search(SearchRequest("q", retrievers=("lexical",)))
    assert not fake.trips(EncodeQuery)
    assert [hit.id for hit in response.hits] == ["d00", "d01", "d03", "d04"]


def test_retrievers_may_be_asked_in_any_order() -> None:
    there = engine(FIVE).search(SearchRequest("q", retrievers=("lexical", "dense")))
    back = engine(FIVE).search(SearchRequest("q", retrievers=("dense", "lexical")))
    assert [(h.id, h.score) for h in there.hits] == [(h.id, h.score) for h in back.hits]


def test_queries_too_long_for_the_encoder_are_told_about() -> None:
    response = engine(FIVE, overflow=7).search(SearchRequest("q"))
    assert "7 word pieces longer" in response.warnings[0]


def test_without_an_encoder_the_dense_retriever_is_left_out_with_a_warning() -> None:
    flow = search(SearchRequest("q"), SCHEMA, encodes=False, foresight=Foresight())
    call = next(flow)
    assert isinstance(call, Retrieve)
    assert [query.name for query in call.queries] == ["lexical"]
    flow.close()


def _starts(request: SearchRequest, *, encodes: bool = True) -> Callable[[], object]:
    return lambda: next(search(request, SCHEMA, encodes=encodes, foresight=Foresight()))


@pytest.mark.parametrize(
    ("request_", "encodes", "error", "message"),
    [
        (SearchRequest("q", k=0), True, QueryError, "k must be at least 1"),
        (SearchRequest("q", retrievers=("sparse",)), True, UnknownNameError, "retriever 'sparse'"),
        (SearchRequest("q", retrievers=()), True, QueryError, "at least one retriever"),
        (SearchRequest("q", retrievers=("dense",) * 2), True, QueryError, "each once"),
        (SearchRequest("q", retrievers=("dense",)), False, QueryError, "the index has no encoder"),
        (
            SearchRequest(vector=[1, 0], retrievers=("lexical",)),
            True,
            QueryError,
            "needs a query text",
        ),
        (SearchRequest(vector=[1, 0, 0]), True, QueryError, "query vector"),
        (SearchRequest("q", fusion="rff"), True, UnknownNameError, "did you mean 'rrf'"),
        (SearchRequest("q", fusion=None), True, ConfigurationError, "is not a fusion"),
        (SearchRequest("q", where="yeer == 1"), True, FilterError, "did you mean 'year'"),
        (SearchRequest("q", where="body == 'x'"), True, FilterError, "is a text field"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_asked(
    request_: SearchRequest, encodes: bool, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _starts(request_, encodes=encodes)()


def test_errors_of_a_filter_point_at_the_place() -> None:
    with pytest.raises(FilterError) as raised:
        _starts(SearchRequest("q", where="year >= 1 and yeer == 1"))()
    assert raised.value.position == 14
    assert str(raised.value).endswith("\n  year >= 1 and yeer == 1\n" + " " * 16 + "^")


def test_weights_that_name_no_retriever_are_refused() -> None:
    with pytest.raises(UnknownNameError, match="retriever in weights"):
        engine(FIVE).search(SearchRequest("q", fusion=Convex(weights={"sparse": 1})))
