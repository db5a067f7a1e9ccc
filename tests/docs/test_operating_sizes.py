"""The table of sizes in docs/operating.md: its arithmetic, and what Elasticsearch itself says."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import suppress

import pytest
from pages import ROOT
from servers.ask import RefusedError, ask
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.cluster.index_settings import IndexSettings

TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
ROW = re.compile(
    r"^\| `(\w+)` \| `([^`]+)` \| (\S+) \| (\S+) \| `([^`]+)` \| (\S+) \| (\S+) \|$", re.MULTILINE
)
TABLE = {row[0]: row[1:] for row in ROW.findall(TEXT)}
LINKS = 16
# The part of an index's files that has the vectors which a search of its graph reads.
FILES = {"hnsw": "vec", "int8_hnsw": "veq", "int4_hnsw": "veq", "bbq_hnsw": "veb"}


def size(formula: str, dims: int, links: int = LINKS) -> float:
    """Bytes of a passage by a formula of the page, such as `1.1(4d + 8m)`."""
    written = re.sub(r"([\d.])(?=[dm(])", r"\1*", formula)
    found: float = eval(written, {"d": dims, "m": links})
    return found


def test_every_kind_of_index_has_a_row() -> None:
    assert list(TABLE) == list(IndexSettings.model_fields["vector_index"].annotation.__args__)  # type: ignore[union-attr]


@pytest.mark.parametrize("kind", TABLE)
def test_gigabytes_follow_from_the_formulas(kind: str) -> None:
    elasticsearch, *of_elasticsearch, opensearch, at_384, at_768 = TABLE[kind]
    for formula, told in ((elasticsearch, of_elasticsearch), (opensearch, [at_384, at_768])):
        assert told == [f"{size(formula, dims) / 1e3:.2f}" for dims in (384, 768)]


@pytest.fixture
def name(elasticsearch_url: str) -> Iterator[str]:
    name = f"sizes-{uuid.uuid4().hex}"
    yield name
    with suppress(RefusedError):
        ask("DELETE", f"{elasticsearch_url}/{name}")


@pytest.mark.slow
@pytest.mark.parametrize("kind", FILES)
def test_elasticsearch_says_the_same_of_vectors(
    kind: str, name: str, elasticsearch_url: str
) -> None:
    count, dims = 500, 128
    schema = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": dims}})
    target = f"elasticsearch:{elasticsearch_url.removeprefix('http:')}/{name}"
    settings = {"vector_index": kind, "replicas": 0}
    vectors = random_units(count, seed=1, dims=dims)
    with HybridIndex.create(target, schema=schema, encoder=None, settings=settings) as index:
        index.add({"id": str(at), "title": "a", "dense": vectors[at]} for at in range(count))
    ask("POST", f"{elasticsearch_url}/{name}/_flush")
    stats = ask("GET", f"{elasticsearch_url}/{name}/_stats/dense_vector")
    told = stats["_all"]["primaries"]["dense_vector"]["off_heap"]
    bytes_of_vectors = told[f"total_{FILES[kind]}_size_bytes"] / count
    formula = TABLE[kind][0].removesuffix(" + 4m")
    assert bytes_of_vectors == pytest.approx(size(formula, dims), rel=0.02)
