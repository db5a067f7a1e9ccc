"""Retrieve: a search for each retriever, and their hits as candidates on the true scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hybridsearch.engines.calls import Candidates, Retrieve, Retrieved, RetrieverQuery
from hybridsearch.engines.cluster.ahead import ahead_body, brought
from hybridsearch.engines.cluster.hits import true_scores
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.multisearch import Answer, Search
from hybridsearch.engines.cluster.searches import candidates_body, preference


def retrieval_searches(call: Retrieve, index: ClusterIndex) -> list[Search]:
    """One a retriever, in the order of the queries, and one for documents to bring along."""
    copies = preference(call.queries)
    searches = [
        Search(
            candidates_body(query, call.where, call.window, index),
            copies,
            f"for the candidates of {query.name}",
            call.allow_partial,
        )
        for query in call.queries
    ]
    if call.ahead is not None:
        body = ahead_body(call, call.ahead, index)
        # Whatever is not brought is fetched later, and a failure told then.
        searches.append(Search(body, copies, "for documents", allow_partial=True))
    return searches


def retrieved(call: Retrieve, answers: Sequence[Answer], index: ClusterIndex) -> Retrieved:
    """The candidates by retriever, and the documents that came along.

    Raises the EngineError of a retriever where every one was refused: nothing is no part.
    """
    asked = answers[: len(call.queries)]
    refused = [answer.error for answer in asked if answer.error is not None]
    if refused and len(refused) == len(asked):
        raise refused[0]
    lists = tuple(
        candidates(query, answer, index) for query, answer in zip(call.queries, asked, strict=True)
    )
    documents = {}
    if call.ahead is not None:
        documents = brought(call, call.ahead, answers[-1].hits, lists, index)
    warnings = tuple(answer.warning for answer in asked if answer.warning)
    return Retrieved(lists, documents, warnings)


def candidates(query: RetrieverQuery, answer: Answer, index: ClusterIndex) -> Candidates:
    """The hits of one retriever, best first, ties by id."""
    if index.shape.id is None:
        found = [(hit["_score"], hit["_id"]) for hit in answer.hits]
        found.sort(key=lambda pair: (-pair[0], pair[1]))
    else:
        found = [(hit["sort"][0], hit["sort"][1]) for hit in answer.hits]
    ids = [id for _, id in found]
    scores = np.array([score for score, _ in found], dtype=np.float64)
    return Candidates(ids, true_scores(query, scores, index), incomplete=answer.warning is not None)
