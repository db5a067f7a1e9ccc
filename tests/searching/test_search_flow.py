"""The whole search flow, driven without an engine: every score of the collection is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hidden_scores import HiddenScores, fusions, hidden_scores
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridsearch.encoding.calls import EncodedQuery, EncodeQuery
from hybridsearch.engines.calls import (
    Complete,
    Completed,
    DenseQuery,
    PassageMatch,
    Retrieve,
    Retrieved,
    StoredDocument,
)
from hybridsearch.errors import ConfigurationError, FilterError, QueryError, UnknownNameError
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.order_statistics import Median
from hybridsearch.fusion.table import Column
from hybridsearch.model.filters import Term
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.flow import search

COLUMNS = (Column.lexical(), Column.dense())
SCHEMA = Schema(
    text=["title", "body"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title", "body"], "dims": 2}},
)
BY_COLUMNS = {
    ("lexical", "dense"): SCHEMA,
    ("lexical",): Schema(text=["title"], dense={}),
    ("dense",): Schema(dense={"dense": {"embeds": [], "dims": 2}}),
    ("lexical", "title_vector", "body_vector"): Schema(
        text=["title", "body"],
        dense={
            "title_vector": {"embeds": ["title"], "dims": 2},
            "body_vector": {"embeds": ["body"], "dims": 2},
        },
    ),
}
COLLECTIONS = [
    tuple(Column.lexical() if name == "lexical" else Column.dense(name) for name in names)
    for names in BY_COLUMNS
]


@dataclass
class FakeEngine:
    """Answers calls from the hidden scores; `gone` are deleted after retrieval, `brings` come
    along with the candidates."""

    hidden: HiddenScores
    gone: frozenset[str] = frozenset()
    brings: frozenset[str] = frozenset()
    overflow: int = 0
    calls: list[Any] = field(default_factory=list)

    def answer(self, call: Any) -> Any:
        self.calls.append(call)
        if isinstance(call, EncodeQuery):
            return EncodedQuery(np.array([1, 0], dtype=np.float32), self.overflow)
        if isinstance(call, Retrieve):
            lists = self.hidden.lists(call.window)
            names = [column.name for column in self.hidden.columns]
            given = tuple(lists[names.index(query.name)] for query in call.queries)
            return Retrieved(given, {id: self._document(id, call.ahead) for id in self.brings})
        assert isinstance(call, Complete)
        names = [column.name for column in self.hidden.columns]
        scores = tuple(
            np.array(
                [
                    np.nan if id in self.gone else self.hidden.score(names.index(query.name), id)
                    for id in ids
                ]
            )
            for query, ids in zip(call.queries, call.missing, strict=True)
        )
        kept = [id for id in call.fetch if id not in self.gone]
        return Completed(scores, {id: self._document(id, call) for id in kept})

    def _document(self, id: str, call: Any) -> StoredDocument:
        fields: dict[str, Any] = {"title": f"Title {id}", "body": f"body of {id}", "year": 1999}
        if call.fields is not None:
            fields = {name: fields[name] for name in call.fields if name in fields}
        passages = tuple(
            PassageMatch(query.field, 0, 5, 0.5)
            for query in getattr(call, "queries", ())
            if isinstance(query, DenseQuery)
        )
        return StoredDocument(id, fields, passages[: call.passages])

    def search(self, request: SearchRequest, schema: Schema = SCHEMA) -> SearchResponse:
        flow = search(request, schema, encodes=True)
        reply: Any = None
        while True:
            try:
                call = flow.send(reply)
            except StopIteration as end:
                response: SearchResponse = end.value
                return response
            reply = self.answer(call)

    def trips(self, kind: type) -> list[Any]:
        return [call for call in self.calls if isinstance(call, kind)]


def engine(scores: list[tuple[float, float]], **options: Any) -> FakeEngine:
    ids = tuple(f"d{number:02}" for number in range(len(scores)))
    return FakeEngine(HiddenScores(ids, COLUMNS, np.array(scores, dtype=np.float64)), **options)


NAN = np.nan
FIVE = [(5.0, 0.1), (4.0, 0.9), (NAN, 0.8), (1.0, NAN), (0.5, -0.5)]
FEW_OPEN = [(5.0, 0.1), (4.0, 0.2), (1.0, 0.9), (2.0, 0.8)]


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
    assert len(completion.fetch) == 16
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
    assert (retrieve.ahead.count, retrieve.ahead.weights) == (20, (0.2, 0.8))
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
def test_vanished_documents_are_left_out_with_a_warning(window: int | None) -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d01", "d02", "d03"}))
    response = fake.search(SearchRequest("q", k=2, window=window))
    assert len(response.hits) < 2
    assert not {hit.id for hit in response.hits} & fake.gone
    gone = 2 - len(response.hits)
    assert response.warnings == (f"{gone} of the hits were deleted while the search was running",)


def test_vanished_documents_are_not_fetched_twice() -> None:
    fake = engine(FEW_OPEN, gone=frozenset({"d01", "d02", "d03"}))
    fake.search(SearchRequest("q", k=2, window=2))
    assert len(fake.trips(Complete)) == 1


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
    flow = search(SearchRequest("q"), SCHEMA, encodes=False)
    call = next(flow)
    assert isinstance(call, Retrieve)
    assert [query.name for query in call.queries] == ["lexical"]
    flow.close()


def _starts(request: SearchRequest, *, encodes: bool = True) -> Callable[[], object]:
    return lambda: next(search(request, SCHEMA, encodes=encodes))


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
