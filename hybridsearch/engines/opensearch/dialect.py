"""How OpenSearch says it: knn_vector, the knn query of its k-NN plugin, and its scores."""

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
from hybridsearch.engines.cluster.similarity import Scale
from hybridsearch.engines.opensearch.found_vector import knn_vector
from hybridsearch.errors import ConfigurationError, UnsupportedServerError

OLDEST: Final = (2, 19)
NEWEST_MAJOR: Final = 3
MOST_CANDIDATES: Final = 10_000
LEAST_SCORED: Final = 200
_PASSAGES: Final = 8
_SPACE: Final = "innerproduct"
# What a script compares by, so that its scores are on a scale.
_SPACES: Final[dict[Scale, str]] = {"shifted": _SPACE, "halved": "cosinesimil"}
_FAISS_COMPRESSION: Final = {"int8_hnsw": "4x", "int4_hnsw": "8x", "bbq_hnsw": "32x"}
Query = dict[str, Any]


class OpenSearch:
    """The dialect; it holds nothing."""

    engine = "opensearch"
    product = "OpenSearch"
    view_place = ("/_search/point_in_time", "pit_id")

    def check(self, server: Server) -> None:
        """OpenSearch 2.19 and 3 with the k-NN plugin."""
        if server.product != "OpenSearch":
            raise UnsupportedServerError(
                f"the server is {server}: write elasticsearch:// in place of opensearch://"
            )
        if server.version[:2] < OLDEST or server.version[0] > NEWEST_MAJOR:
            raise UnsupportedServerError(
                f"the server is {server}; supported are OpenSearch 2.19 and 3: upgrade the "
                "server, or hybridsearch if the server is newer"
            )
        if server.modules and "opensearch-knn" not in server.modules:
            raise UnsupportedServerError(
                f"the server is {server} and lacks the plugin opensearch-knn on some node: "
                "install it there; OpenSearch's own distribution has it"
            )

    def vector_field(self, dims: int, settings: IndexSettings) -> dict[str, Any]:
        """Unit vectors by inner product, in Lucene's or in faiss's graph."""
        if settings.vector_index == "flat":
            return {"type": "knn_vector", "dimension": dims}
        if settings.exact_scores and settings.vector_index != "hnsw":
            raise ConfigurationError(
                f"index settings: exact_scores with vector_index {settings.vector_index} is "
                "Elasticsearch's; on OpenSearch take vector_index='hnsw' or 'flat'"
            )
        parameters: dict[str, Any] = {
            "m": settings.m,
            "ef_construction": settings.ef_construction,
        }
        field: dict[str, Any] = {"type": "knn_vector", "dimension": dims}
        method: dict[str, Any] = {
            "name": "hnsw",
            "engine": settings.vector_engine,
            "space_type": _SPACE,
            "parameters": parameters,
        }
        if settings.vector_index != "hnsw":
            if settings.vector_engine == "faiss":
                field["mode"] = "on_disk"
                field["compression_level"] = _FAISS_COMPRESSION[settings.vector_index]
            elif settings.vector_index == "int8_hnsw":
                parameters["encoder"] = {"name": "sq"}
            else:
                raise ConfigurationError(
                    f"index settings: vector_index {settings.vector_index} on OpenSearch needs "
                    "vector_engine='faiss'; Lucene's has hnsw, int8_hnsw and flat"
                )
        return {**field, "method": method}

    def vector_shape(self, name: str, settings: IndexSettings) -> VectorShape:
        """Passages with a vector each, compared by inner product."""
        exact = settings.vector_index == "flat"
        return VectorShape(f"{name}.{VECTOR}", name, places=True, scale="shifted", exact=exact)

    def found_vector(
        self,
        name: str,
        field: Mapping[str, Any],
        nested: str | None,
        settings: Mapping[str, Any],
    ) -> FoundVector | str:
        """A knn_vector."""
        return knn_vector(name, field, nested, settings)

    def settings(self, settings: IndexSettings, *, vectors: bool) -> dict[str, Any]:
        """k-NN is switched on by index; off, vectors are kept and no graph is made of them."""
        return {"knn": settings.vector_index != "flat"} if vectors else {}

    def nearest(
        self,
        query: DenseQuery,
        shape: VectorShape,
        settings: IndexSettings,
        window: int,
        where: Query | None,
    ) -> Query:
        """Knn over passages; documents count by their best one."""
        if shape.exact:
            scored = _scored(query, shape)
            return scored if where is None else {"bool": {"filter": [where], "must": [scored]}}
        candidates = min(math.ceil(window * settings.effort), MOST_CANDIDATES)
        return _knn(query, shape, candidates, where)

    def similarities_of(
        self, query: DenseQuery, shape: VectorShape, among: Query, count: int
    ) -> Query:
        """Knn with a filter on the ids: with so few the graph is left and all are scored."""
        if shape.exact:
            return _scored(query, shape)
        most = min(max(_PASSAGES * count, LEAST_SCORED), MOST_CANDIDATES)
        # Inner hits would else hold a document's best passage only.
        options = {"expand_nested_docs": True} if shape.nested else {}
        return _knn(query, shape, most, among, **options)

    def source_with_vectors(
        self,
        parts: Sequence[str],  # noqa: ARG002 - the protocol's
        server: Server,  # noqa: ARG002 - the same for every version
    ) -> dict[str, Any] | bool:
        """All of it: where parts are named, OpenSearch 3 gives 1 for a vector that it keeps apart
        from the source."""
        return True

    def bm25_factor(self, server: Server) -> float:
        """k1 + 1 up to OpenSearch 2; since 3 scores are Lucene's own."""
        return 2.2 if server.version[0] < 3 else 1.0


def _knn(
    query: DenseQuery, shape: VectorShape, k: int, where: Query | None, **options: Any
) -> Query:
    knn: Query = {"vector": query.vector, "k": k, **options}
    if where is not None:
        knn["filter"] = where
    return by_best_passage({"knn": {shape.vector: knn}}, shape)


def _scored(query: DenseQuery, shape: VectorShape) -> Query:
    """Every vector scored, without an index of them."""
    script = {
        "lang": "knn",
        "source": "knn_score",
        "params": {
            "field": shape.vector,
            "query_value": query.vector,
            "space_type": _SPACES[shape.scale],
        },
    }
    scored = {"query": {"exists": {"field": shape.vector}}, "script": script}
    return by_best_passage({"script_score": scored}, shape)
