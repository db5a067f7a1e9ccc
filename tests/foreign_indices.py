"""Indices as others make them: by a product's own client, with fields of their own."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from servers.ask import RefusedError, ask
from vectors import random_units

from hybridsearch import HybridIndex, Schema, SearchRequest

PRODUCTS = ("elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
DIMS = 8
WORDS = ("red", "green", "blue", "yellow", "black", "white", "amber", "coral", "ivory", "khaki")


@dataclass(frozen=True)
class Foreign:
    """A place for an index of others; recipe: which server it is."""

    recipe: str
    url: str
    name: str = field(default_factory=lambda: f"foreign-{uuid.uuid4().hex}")

    @property
    def product(self) -> str:
        return self.recipe.removesuffix("-8").removesuffix("-2")

    @property
    def target(self) -> str:
        return f"{self.product}:{self.url.removeprefix('http:')}/{self.name}"

    def ask(self, method: str, path: str = "", body: Any = None) -> Any:
        return ask(method, f"{self.url}/{self.name}{path}", body)

    @property
    def mapping(self) -> dict[str, Any]:
        found: dict[str, Any] = self.ask("GET", "/_mapping")[self.name]["mappings"]
        return found

    def source(self, id: str) -> dict[str, Any]:
        """A document as it is stored, with its vectors."""
        found: dict[str, Any] = self.ask("GET", f"/_doc/{id}?_source_includes=*")["_source"]
        return found

    def make(self, properties: dict[str, Any] | None = None, **settings: Any) -> None:
        """The index, empty."""
        body: dict[str, Any] = {"settings": {"number_of_replicas": 0, **settings}}
        if self.product == "opensearch":
            body["settings"] = {"index.knn": True, **body["settings"]}
        if properties is not None:
            body["mappings"] = {"properties": properties}
        self.ask("PUT", body=body)

    def fill(self, documents: Iterable[dict[str, Any]]) -> None:
        """Documents with `_id`, by the client's own helper."""
        actions = [{"_index": self.name, **document} for document in documents]
        if self.recipe == "elasticsearch-8":  # whose own client is another than the newest
            self._bulk(actions)
        elif self.product == "elasticsearch":
            import elasticsearch
            from elasticsearch import helpers

            with closing(elasticsearch.Elasticsearch(self.url)) as client:
                helpers.bulk(client, actions, refresh=True)
        else:
            import opensearchpy
            from opensearchpy import helpers as of_opensearch

            with closing(opensearchpy.OpenSearch(self.url)) as opensearch:
                of_opensearch.bulk(opensearch, actions, refresh=True)

    def _bulk(self, actions: list[dict[str, Any]]) -> None:
        lines = []
        for action in actions:
            source = {key: value for key, value in action.items() if key not in {"_id", "_index"}}
            lines += [{"index": {"_id": action["_id"]}}, source]
        body = "".join(json.dumps(line) + "\n" for line in lines).encode()
        request = urllib.request.Request(
            f"{self.url}/{self.name}/_bulk?refresh=true",
            body,
            {"content-type": "application/x-ndjson"},
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as reply:
            assert not json.load(reply)["errors"]

    def delete(self) -> None:
        for name in (self.name, f"{self.name}-000001", f"{self.name}-000002"):
            with suppress(RefusedError):
                ask("DELETE", f"{self.url}/{name}")


def vector_field(product: str, kind: str) -> dict[str, Any]:
    """The mapping of a vector field: cosine, dot or l2."""
    if product == "elasticsearch":
        similarities = {"cosine": "cosine", "dot": "dot_product", "l2": "l2_norm"}
        return {
            "type": "dense_vector",
            "dims": DIMS,
            "similarity": similarities[kind],
            "index_options": {"type": "hnsw"},  # not in 8 bits, which puts scores off a little
        }
    spaces = {"cosine": "cosinesimil", "dot": "innerproduct", "l2": "l2"}
    method = {"name": "hnsw", "engine": "lucene", "space_type": spaces[kind]}
    return {"type": "knn_vector", "dimension": DIMS, "method": method}


def notes(count: int, *, longer: bool = False) -> list[dict[str, Any]]:
    """Documents as a framework makes them: `text`, `vector`, and an object `metadata`.

    longer: whether vectors have other lengths than 1.
    """
    random = np.random.default_rng(7)
    vectors = random_units(count, seed=7)
    lengths = np.random.default_rng(8).uniform(0.2, 5.0, count) if longer else np.ones(count)
    made = []
    for number in random.permutation(count).tolist():
        vector = (vectors[number] * lengths[number]).astype(np.float32)
        made.append(
            {
                "_id": f"n{number:04d}",
                "text": " ".join(random.choice(WORDS, random.integers(4, 40))),
                "vector": vector.tolist(),
                "metadata": {
                    "source": f"file{number % 5}.pdf",
                    "page": number,
                    "rights": {"open": bool(number % 2)},
                },
            }
        )
    return made


NOTES_SCHEMA = Schema(
    text=["text"],
    metadata={
        "metadata.source": "keyword",
        "metadata.page": "integer",
        "metadata.rights.open": "boolean",
    },
    dense={"vector": {"embeds": ["text"], "dims": DIMS}},
)


def of_notes(product: str, kind: str) -> dict[str, Any]:
    """The mapping of such documents."""
    return {
        "text": {"type": "text"},
        "vector": vector_field(product, kind),
        "metadata": {
            "properties": {
                "source": {"type": "keyword"},
                "page": {"type": "long"},
                "rights": {"properties": {"open": {"type": "boolean"}}},
            }
        },
    }


def flat(note: dict[str, Any]) -> dict[str, Any]:
    """A note as a document with the same fields, which any index takes."""
    vector: NDArray[np.float64] = np.array(note["vector"], dtype=np.float64)
    return {
        "id": note["_id"],
        "text": note["text"],
        "metadata.source": note["metadata"]["source"],
        "metadata.page": note["metadata"]["page"],
        "metadata.rights.open": note["metadata"]["rights"]["open"],
        "vector": (vector / np.linalg.norm(vector)).astype(np.float32),
    }


def requests(count: int = 12) -> Iterator[SearchRequest]:
    """Searches by text, by vector, by both, filtered or not."""
    vectors = random_units(count, seed=11)
    filters = (None, "metadata.page < 90", "metadata.source == 'file3.pdf' or metadata.page >= 100")
    for number in range(count):
        text = f"{WORDS[number % len(WORDS)]} {WORDS[(number * 5 + 2) % len(WORDS)]}"
        yield SearchRequest(
            None if number % 4 == 1 else text,
            vector=None if number % 4 == 2 else vectors[number],
            where=filters[number % 3],
            k=15,
            window=50,
            explain=True,
        )


def assert_same_ledgers(one: HybridIndex, other: HybridIndex, asked: list[SearchRequest]) -> None:
    """Hits, scores, ledgers and passages of both are the same, but for rounding."""
    for wanted, found in zip(one.search_many(asked), other.search_many(asked), strict=True):
        assert found.candidates == wanted.candidates
        assert wanted.hits
        hits = {hit.id: hit for hit in found.hits}
        # Scores that differ by rounding may change places at the end of the list.
        shared = [hit for hit in wanted.hits if hit.id in hits]
        assert len(shared) >= len(wanted.hits) - 1
        for hit in shared:
            same = hits[hit.id]
            assert same.fields == hit.fields
            assert abs(same.score - hit.score) < 1e-3
            assert same.ledger.keys() == hit.ledger.keys()
            for name, entry in hit.ledger.items():
                for value, number in entry.as_dict().items():
                    if isinstance(number, float):
                        there = getattr(same.ledger[name], value)
                        assert abs(there - number) < 1e-3 + 1e-4 * abs(number), (name, value)
            assert [(p.field, p.text) for p in same.passages] == [
                (p.field, p.text) for p in hit.passages
            ]
