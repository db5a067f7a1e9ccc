"""How Elasticsearch says it: dense_vector, the knn query, and its scores."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from hybridsearch.engines.calls import DenseQuery
from hybridsearch.engines.cluster.found_vector import FoundVector
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import VECTOR
from hybridsearch.engines.cluster.nesting import by_best_passage
from hybridsearch.engines.cluster.server import Server
from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.engines.elasticsearch.found_vector import dense_vector
from hybridsearch.errors import UnsupportedServerError

OLDEST: Final = (8, 19)
NEWEST_MAJOR: Final = 9
# bbq is scored once more by default.
_APPROXIMATE: Final = frozenset({"int8_hnsw", "int4_hnsw"})
MOST_CANDIDATES: Final = 10_000
LEAST_SCORED: Final = 200
_PASSAGES: Final = 8
BM25_FACTOR: Final = 2.2
Query = dict[str, Any]


class Elasticsearch:
    """The dialect; it holds nothing."""

    engine = "elasticsearch"
    product = "Elasticsearch"
    view_place = ("/_pit", "id")

    def check(self, server: Server) -> None:
        """Elasticsearch 8.19 and 9."""
        if server.product == "OpenSearch":
            raise UnsupportedServerError(
                f"the server is {server}: write opensearch:// in place of elasticsearch://"
            )
        other = server.product not in {"Elasticsearch", "unknown"}
        if other or server.version[:2] < OLDEST or server.version[0] > NEWEST_MAJOR:
            raise UnsupportedServerError(
                f"the server is {server}; supported are Elasticsearch 8.19 and 9: upgrade the "
                "server, or hybridsearch if the server is newer"
            )

    def vector_field(self, dims: int, settings: IndexSettings) -> dict[str, Any]:
        """Unit vectors by dot product; the kind of index is always said, since the product's own
        default depends on version and dims."""
        options: dict[str, Any] = {"type": settings.vector_index}
        if settings.vector_index != "flat":
            options.update(m=settings.m, ef_construction=settings.ef_construction)
        if settings.exact_scores and settings.vector_index in _APPROXIMATE:
            options["rescore_vector"] = {"oversample": 1.0}
        return {
            "type": "dense_vector",
            "dims": dims,
            "index": True,
            "similarity": "dot_product",
            "index_options": options,
        }

    def vector_shape(self, name: str, settings: IndexSettings) -> VectorShape:  # noqa: ARG002 - the protocol's
        """Passages with a vector each, compared by dot product."""
        return VectorShape(f"{name}.{VECTOR}", name, places=True, scale="halved")

    def found_vector(
        self,
        name: str,
        field: Mapping[str, Any],
        nested: str | None,
        settings: Mapping[str, Any],  # noqa: ARG002 - the protocol's
    ) -> FoundVector | str:
        """A dense_vector."""
        return dense_vector(name, field, nested)

    def settings(self, settings: IndexSettings, *, vectors: bool) -> dict[str, Any]:  # noqa: ARG002 - the protocol's
        """Nothing of its own."""
        return {}

    def nearest(
        self,
        query: DenseQuery,
        shape: VectorShape,
        settings: IndexSettings,
        window: int,
        where: Query | None,
    ) -> Query:
        """Knn over passages; documents count by their best one."""
        candidates = min(math.ceil(window * settings.effort), MOST_CANDIDATES)
        return _knn(query, shape, candidates, where)

    def similarities_of(
        self, query: DenseQuery, shape: VectorShape, among: Query, count: int
    ) -> Query:
        """Knn with a filter on the ids: with so few the graph is left and all are scored."""
        most = min(max(_PASSAGES * count, LEAST_SCORED), MOST_CANDIDATES)
        return _knn(query, shape, most, among)

    def source_with_vectors(self, parts: Sequence[str], server: Server) -> dict[str, Any] | bool:
        """Since 9.2 vectors are kept apart from the source, and come back where asked for."""
        apart = {"exclude_vectors": False} if server.version[:2] >= (9, 2) else {}
        return {"includes": list(parts), **apart}

    def bm25_factor(self, server: Server) -> float:  # noqa: ARG002 - the same for every version
        """k1 + 1, which Lucene has left out since its version 8."""
        return BM25_FACTOR


def _knn(query: DenseQuery, shape: VectorShape, candidates: int, where: Query | None) -> Query:
    knn: Query = {
        "field": shape.vector,
        "query_vector": query.vector,
        "k": candidates,
        "num_candidates": candidates,
    }
    if where is not None:
        knn["filter"] = where
    return by_best_passage({"knn": knn}, shape)
