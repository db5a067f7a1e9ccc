"""Documents that are deleted between the trips of a search, on every engine."""

from __future__ import annotations

from typing import Any

import numpy as np
from vectors import random_units

from hybridsearch import HybridIndex
from hybridsearch.engines.calls import Retrieve, Retrieved
from hybridsearch.lockstep import run
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse

VECTORS = random_units(40, seed=5)


def test_an_answer_is_as_long_as_asked_where_the_best_vanish_meanwhile(make: Any) -> None:
    index = make(
        {"id": f"d{number:02}", "title": f"common {number}", "dense": vector}
        for number, vector in enumerate(VECTORS)
    )
    request = SearchRequest("common", vector=np.asarray(VECTORS[7]), k=5)
    best = [hit.id for hit in index.search("common", vector=VECTORS[7], k=5).hits]
    found = searched(index, request, deleting=best[:2])
    now = index.search("common", vector=VECTORS[7], k=5)
    assert found.hits == now.hits
    assert len(found.hits) == 5
    assert not {hit.id for hit in found.hits} & set(best[:2])
    assert found.warnings == ()


def searched(index: HybridIndex, request: SearchRequest, *, deleting: list[str]) -> SearchResponse:
    """The answer to a request; the documents are deleted once they are known as candidates."""
    performer = index._performer
    gone = False

    def perform(calls: Any) -> Any:
        nonlocal gone
        replies = performer.perform(calls)
        if isinstance(calls[0], Retrieve) and not gone:
            gone = True
            index.delete(deleting)
            index.refresh()
            # None of the documents came along, as where the guess at the best was wrong.
            return [Retrieved(replies[0].candidates, None if replies[0].documents is None else {})]
        return replies

    return run(performer.searches([request]), perform)[0]
