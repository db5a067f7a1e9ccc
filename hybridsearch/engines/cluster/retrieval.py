"""Retrieve: a search for each retriever, and their hits as candidates on the true scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import Candidates, LexicalQuery, Retrieve, Retrieved, RetrieverQuery
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.multisearch import Answer, Search
from hybridsearch.engines.cluster.searches import candidates_body, preference


def retrieval_searches(call: Retrieve, index: ClusterIndex) -> list[Search]:
    """One a retriever, in the order of the queries."""
    copies = preference(call.queries)
    return [
        Search(
            candidates_body(query, call.where, call.window, index),
            copies,
            f"for the candidates of {query.name}",
            call.allow_partial,
        )
        for query in call.queries
    ]


def retrieved(call: Retrieve, answers: Sequence[Answer], index: ClusterIndex) -> Retrieved:
    """The candidates by retriever."""
    return Retrieved(
        tuple(
            candidates(query, answer, index)
            for query, answer in zip(call.queries, answers, strict=False)
        ),
        tuple(answer.warning for answer in answers if answer.warning),
    )


def candidates(query: RetrieverQuery, answer: Answer, index: ClusterIndex) -> Candidates:
    """The hits of one retriever, best first, ties by id."""
    ids = [hit["sort"][1] for hit in answer.hits]
    scores = np.array([hit["sort"][0] for hit in answer.hits], dtype=np.float64)
    return Candidates(ids, true_scores(query, scores, index), failed=answer.failed)


def true_scores(
    query: RetrieverQuery, scores: NDArray[np.float64], index: ClusterIndex
) -> NDArray[np.float64]:
    """From the server's scale to the retriever's own: Lucene's BM25, or dot products."""
    if isinstance(query, LexicalQuery):
        return scores / index.bm25_factor
    return index.dialect.similarity(scores)
