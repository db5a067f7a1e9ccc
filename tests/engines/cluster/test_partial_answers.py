"""A part that did not answer is an error, or a warning beside the rest where that is allowed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from cluster_places import QUERY, Ask, Place
from servers.fault_proxy import FaultProxy, on, once, rewriting

from hybridsearch import HybridIndex, SearchRequest
from hybridsearch.errors import (
    EngineError,
    IndexNotFoundError,
    PartialResultsError,
    RefusedError,
    UnavailableError,
)

Item = dict[str, Any]
LEXICAL, DENSE = 0, 1


def item_changed(position: int, change: Callable[[Item], Item]) -> Callable[[Any], Any]:
    """A change of one search's reply among those of a request."""

    def changed(body: Any) -> Any:
        body["responses"][position] = change(body["responses"][position])
        return body

    return changed


def a_shard_failed(item: Item) -> Item:
    failure = {"shard": 1, "reason": {"type": "circuit_breaking_exception", "reason": "too large"}}
    return {**item, "_shards": {"total": 2, "failed": 1, "failures": [failure]}}


def timed_out(item: Item) -> Item:
    return {**item, "timed_out": True}


def refused(status: int) -> Callable[[Item], Item]:
    cause = {"type": "query_shard_exception", "reason": "the query is too clever"}
    error = {"type": "search_phase_execution_exception", "reason": "x", "root_cause": [cause]}
    return lambda _: {"error": error, "status": status}


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (a_shard_failed, PartialResultsError, "a shard of .* too large.*allow_partial=True"),
        (timed_out, PartialResultsError, "ran out of time .*allow_partial=True"),
        (refused(400), RefusedError, "candidates of dense.*too clever"),
        (refused(503), UnavailableError, "candidates of dense.*give it more time"),
    ],
)
def test_a_part_that_did_not_answer_is_an_error(
    filled: Place, proxy: FaultProxy, asked: Ask, change: Any, error: Any, message: str
) -> None:
    proxy.fault = on("_msearch", rewriting(item_changed(DENSE, change)))
    with pytest.raises(error, match=message):
        asked(
            filled.through(proxy.url),
            "search",
            "word",
            vector=QUERY,
            connection={"timeout": 1.0},
        )


@pytest.mark.parametrize("change", [a_shard_failed, timed_out])
def test_where_allowed_it_is_a_warning_beside_the_hits(
    filled: Place, proxy: FaultProxy, asked: Ask, change: Any
) -> None:
    whole = asked(filled.target, "search", "word", vector=QUERY)
    proxy.fault = on("_msearch", once(rewriting(item_changed(DENSE, change))))
    found = asked(filled.through(proxy.url), "search", "word", vector=QUERY, allow_partial=True)
    assert [hit.id for hit in found.hits] == [hit.id for hit in whole.hits]
    (warning,) = found.warnings
    assert "candidates of dense" in warning
    assert filled.name in warning
    assert (whole.degraded, found.degraded) == (False, True)


@pytest.mark.parametrize("failing", [LEXICAL, DENSE])
def test_a_retriever_that_failed_is_asked_again_for_what_the_other_found(
    filled: Place, proxy: FaultProxy, asked: Ask, failing: int
) -> None:
    """Its list is empty, and that does not mean that it matches nothing."""
    whole = asked(filled.target, "search", "word", vector=QUERY, k=40, explain=True)
    proxy.fault = on("_msearch", once(rewriting(item_changed(failing, refused(400)))))
    found = asked(
        filled.through(proxy.url),
        "search",
        "word",
        vector=QUERY,
        k=40,
        explain=True,
        allow_partial=True,
    )
    name = ("lexical", "dense")[failing]
    assert found.candidates[name] == 0
    assert found.completed[name] == 40
    scores = {hit.id: hit.ledger[name].score for hit in found.hits}
    for hit in whole.hits:
        assert scores[hit.id] == pytest.approx(hit.ledger[name].score, abs=1e-6)
    assert any("too clever" in warning for warning in found.warnings)


def test_a_retriever_that_always_fails_has_no_scores_rather_than_minimal_ones(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    def of_dense_alone(body: Any) -> Any:
        """Lists and completed scores of dense fail; lexical ones and documents come."""
        request = proxy.asked("_msearch")[-1].body.split(b"\n")[1::2]
        for position, search in enumerate(request):
            if b"dense.vector" in search and b'"stored_fields":"_none_"' in search:
                body["responses"][position] = refused(400)({})
        return body

    proxy.fault = on("_msearch", rewriting(of_dense_alone))
    found = asked(
        filled.through(proxy.url),
        "search",
        "word",
        vector=QUERY,
        explain=True,
        allow_partial=True,
    )
    lexical = asked(filled.target, "search", "word", retrievers=["lexical"])
    assert [hit.id for hit in found.hits] == [hit.id for hit in lexical.hits]
    for hit in found.hits:
        assert hit.ledger["dense"].score is None
        assert hit.ledger["lexical"].score is not None
    assert sum("too clever" in warning for warning in found.warnings) == 2


def test_where_every_retriever_was_refused_nothing_is_left_to_allow_for(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    def both(body: Any) -> Any:
        return {"responses": [refused(400)(item) for item in body["responses"]]}

    proxy.fault = on("_msearch", rewriting(both))
    with pytest.raises(RefusedError, match=r"candidates of lexical.*too clever"):
        asked(filled.through(proxy.url), "search", "word", vector=QUERY, allow_partial=True)


def test_documents_that_were_not_brought_along_are_fetched(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    whole = asked(filled.target, "search", "word", vector=QUERY)
    proxy.fault = on("_msearch", once(rewriting(item_changed(-1, refused(400)))))
    found = asked(filled.through(proxy.url), "search", "word", vector=QUERY)
    assert found.hits == whole.hits
    assert found.warnings == ()


def test_a_missing_index_is_an_error_also_where_parts_may_be_missing(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    error = {"type": "index_not_found_exception", "reason": "no such index"}
    gone = rewriting(item_changed(LEXICAL, lambda _: {"error": error, "status": 404}))
    proxy.fault = on("_msearch", gone)
    with pytest.raises(IndexNotFoundError):
        asked(filled.through(proxy.url), "search", "word", vector=QUERY, allow_partial=True)


def test_one_search_that_had_no_room_is_asked_again(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    whole = asked(filled.target, "search", "word", vector=QUERY)
    proxy.fault = on("_msearch", once(rewriting(item_changed(LEXICAL, refused(429)))))
    found = asked(filled.through(proxy.url), "search", "word", vector=QUERY)
    assert found.hits == whole.hits
    assert found.warnings == ()


def test_a_count_without_a_shard_is_an_error(filled: Place, proxy: FaultProxy, asked: Ask) -> None:
    proxy.fault = on("/_search", rewriting(a_shard_failed))
    with pytest.raises(PartialResultsError, match=r"a shard of .* too large"):
        asked(filled.through(proxy.url), "count")


@pytest.mark.parametrize("path", ["_msearch", "_mget", "/_search"])
@pytest.mark.parametrize("body", [{}, {"responses": []}])
def test_a_reply_without_its_parts_is_told_as_somebody_elses(
    filled: Place, proxy: FaultProxy, asked: Ask, path: str, body: Any
) -> None:
    proxy.fault = on(path, rewriting(lambda _: body))
    calls = {"_msearch": ("search", "word"), "_mget": ("get", "d001"), "/_search": ("count",)}
    with pytest.raises(EngineError, match="is there a proxy at this address"):
        asked(filled.through(proxy.url), *calls[path], **_retriever(path))


def _retriever(path: str) -> dict[str, Any]:
    return {"retrievers": ["lexical"]} if path == "_msearch" else {}


def test_some_answers_of_many_searches_may_be_partial(filled: Place, proxy: FaultProxy) -> None:
    """The request of each flow says for itself what it allows."""
    vectors = np.eye(8, dtype=np.float32)
    proxy.fault = on("_msearch", once(rewriting(item_changed(0, a_shard_failed))))
    with HybridIndex.open(filled.through(proxy.url)) as index:
        found = index.search_many(
            [
                SearchRequest(vector=vectors[n], retrievers=("dense",), allow_partial=True)
                for n in range(3)
            ]
        )
    assert [len(response.hits) for response in found] == [10, 10, 10]
    assert sum(bool(response.warnings) for response in found) == 1
