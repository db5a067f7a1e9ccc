"""Every kind of vector index, made on real servers: it finds what is near, and scores are true."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.errors import ConfigurationError

DIMS = 128
SCHEMA = Schema(dense={"dense": {"embeds": [], "dims": DIMS}})
NEAR = 10
# The least recall of the ten nearest, and the most that a similarity may be off. Random vectors in
# so few dims are what quantising does worst with; bbq's are scored once more with the floats.
KINDS = {
    "hnsw": (0.95, 1e-5),
    "int8_hnsw": (0.80, 0.06),
    "int4_hnsw": (0.65, 0.12),
    "bbq_hnsw": (0.90, 1e-5),
    "flat": (1.0, 1e-5),
}
LUCENE = ("hnsw", "int8_hnsw", "flat")
ON_SERVERS = [
    *((server, kind) for server in ("elasticsearch", "elasticsearch-8") for kind in KINDS),
    *((server, kind) for server in ("opensearch", "opensearch-2") for kind in LUCENE),
]


@pytest.fixture
def target(server: str, server_url: ServerUrl) -> Iterator[str]:
    url, name = server_url(server), f"kinds-{uuid.uuid4().hex}"
    yield f"{server.removesuffix('-8').removesuffix('-2')}:{url.removeprefix('http:')}/{name}"
    with suppress(RefusedError):
        ask("DELETE", f"{url}/{name}")


@pytest.mark.parametrize(("server", "kind"), ON_SERVERS)
def test_every_kind_gives_its_vectors_back_to_the_last_bit(kind: str, target: str) -> None:
    vectors = np.concatenate([np.eye(DIMS, dtype=np.float32)[:5], random_units(95, dims=DIMS)])
    settings = {"vector_index": kind, "replicas": 0}
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings) as index:
        index.add({"id": f"{number:03d}", "dense": row} for number, row in enumerate(vectors))
        first = list(index.scan(vectors=True))
        assert (
            np.abs(np.stack([d.vectors["dense"].vectors[0] for d in first]) - vectors).max() < 1e-7
        )
        assert index.add(first).indexed == 100
        for one, two in zip(first, index.scan(vectors=True), strict=True):
            assert one.vectors["dense"].vectors.tobytes() == two.vectors["dense"].vectors.tobytes()


@pytest.mark.parametrize("kind", ["int8_hnsw", "int4_hnsw"])
@pytest.mark.parametrize("server", ["elasticsearch", "elasticsearch-8"])
def test_exact_scores_are_dot_products_of_quantised_indexes_too(kind: str, target: str) -> None:
    vectors, query = random_units(300, dims=DIMS, seed=3), random_units(1, dims=DIMS, seed=4)[0]
    settings = {"vector_index": kind, "exact_scores": True, "replicas": 0}
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings) as index:
        index.add({"id": str(number), "dense": vector} for number, vector in enumerate(vectors))
        hits = index.search(vector=query, k=50, explain=True).hits
    assert len(hits) == 50
    for hit in hits:
        similarity = float(vectors[int(hit.id)] @ query)
        assert hit.ledger["dense"].score == pytest.approx(similarity, abs=1e-5)


def test_exact_scores_of_a_quantised_index_are_refused_on_opensearch() -> None:
    settings = IndexSettings(exact_scores=True)
    with pytest.raises(ConfigurationError, match="'hnsw' or 'flat'"):
        OpenSearch().vector_field(DIMS, settings)


@pytest.mark.parametrize(("server", "kind"), ON_SERVERS)
def test_a_vector_index_finds_the_nearest_with_their_similarities(
    kind: str, target: str, tmp_path: Path
) -> None:
    least_recall, tolerance = KINDS[kind]
    vectors, queries = random_units(300, dims=DIMS, seed=3), random_units(10, dims=DIMS, seed=4)
    settings = {"vector_index": kind, "replicas": 0}
    found = 0
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings) as index:
        report = index.add(
            ({"id": str(number), "dense": vector} for number, vector in enumerate(vectors)),
            dead_letters=tmp_path / "dead.jsonl",
        )
        assert report.indexed == len(vectors)
        for query in queries:
            similarities = vectors.astype(np.float64) @ query.astype(np.float64)
            nearest = set(np.argsort(-similarities)[:NEAR].tolist())
            hits = index.search(vector=query, k=NEAR, window=NEAR, explain=True).hits
            for hit in hits:
                told = hit.ledger["dense"].score
                assert told == pytest.approx(similarities[int(hit.id)], abs=tolerance)
            found += len(nearest & {int(hit.id) for hit in hits})
    assert found / (NEAR * len(queries)) >= least_recall


@pytest.mark.parametrize("server", ["opensearch"])
@pytest.mark.parametrize("kind", sorted(KINDS.keys() - set(LUCENE)))
def test_a_kind_that_a_product_lacks_is_refused_before_it_is_asked(kind: str, target: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{kind} on OpenSearch needs vector_engine='fai"):
        HybridIndex.create(target, schema=SCHEMA, encoder=None, settings={"vector_index": kind})


def test_every_kind_is_said_in_the_words_of_faiss() -> None:
    fields = {
        kind: OpenSearch().vector_field(
            DIMS, IndexSettings.of({"vector_index": kind, "vector_engine": "faiss", "m": 24})
        )
        for kind in KINDS
        if kind != "flat"
    }
    assert {field["method"]["engine"] for field in fields.values()} == {"faiss"}
    assert {field["method"]["parameters"]["m"] for field in fields.values()} == {24}
    assert {kind: field.get("compression_level") for kind, field in fields.items()} == {
        "hnsw": None,
        "int8_hnsw": "4x",
        "int4_hnsw": "8x",
        "bbq_hnsw": "32x",
    }
