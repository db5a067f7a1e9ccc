"""On 5,183 real documents every engine gives the same ledgers and the same relevance."""

from __future__ import annotations

import csv
import gzip
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from servers.ask import ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema, SearchRequest, SearchResponse
from hybridsearch.encoding.protocol import Encoder

pytestmark = pytest.mark.slow

Answers = Callable[..., list[SearchResponse]]
SERVERS = ("elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
FUSIONS = ("convex", "rrf", "convex(normalise='z-score')", "combmnz")
# The beginnings are enough to compare by, and quicker to encode.
CHARACTERS = 160
SCHEMA = Schema(
    text={"title": "english", "text": "english"},
    dense={"dense": {"embeds": ["title", "text"], "dims": 384}},
)


@dataclass(frozen=True, eq=False)
class Collection:
    """Documents with their vectors, judged queries with theirs."""

    documents: list[dict[str, Any]]
    queries: dict[str, str]
    vectors: np.ndarray
    judged: dict[str, dict[str, int]]

    def requests(self, most: int | None = None, **options: Any) -> list[SearchRequest]:
        return [
            SearchRequest(text, vector=vector, **options)
            for text, vector in zip(self.queries.values(), self.vectors, strict=True)
        ][:most]

    def ndcg(self, responses: list[SearchResponse]) -> float:
        run = {
            query: {hit.id: hit.score for hit in response.hits}
            for query, response in zip(self.queries, responses, strict=True)
        }
        measure = ir_measures.nDCG @ 10
        return float(ir_measures.calc_aggregate([measure], self.judged, run)[measure])


@pytest.fixture(scope="module")
def scifact(shared: Path, minilm: Encoder) -> Collection:
    folder = shared / "eval" / "scifact"
    corpus = lines(folder / "corpus.jsonl.gz")
    judged: dict[str, dict[str, int]] = {}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            judged.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    texts = {line["_id"]: line["text"] for line in lines(folder / "queries.jsonl.gz")}
    queries = {id: texts[id] for id in judged}
    made = minilm.encode_documents([f"{d['title']}. {d['text']}"[:CHARACTERS] for d in corpus])
    documents = [
        {"id": d["_id"], "title": d["title"], "text": d["text"], "dense": vector}
        for d, vector in zip(corpus, made, strict=True)
    ]
    return Collection(documents, queries, minilm.encode_queries(list(queries.values())), judged)


@pytest.fixture(scope="module")
def embedded(
    scifact: Collection, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HybridIndex]:
    target = f"embedded:{tmp_path_factory.mktemp('scifact') / 'index'}"
    with HybridIndex.create(target, schema=SCHEMA, encoder=None) as index:
        assert index.add(scifact.documents).indexed == len(scifact.documents)
        yield index


@pytest.fixture(scope="module")
def wanted(scifact: Collection, embedded: HybridIndex) -> Answers:
    """What the embedded index answers to the queries asked with these options, asked once."""

    @cache
    def answers(most: int | None = None, **options: Any) -> list[SearchResponse]:
        return embedded.search_many(scifact.requests(most, **options))

    return answers


@pytest.fixture(scope="module", params=SERVERS)
def served(
    request: pytest.FixtureRequest, scifact: Collection, server_url: ServerUrl
) -> Iterator[HybridIndex]:
    url = server_url(request.param)
    engine = request.param.removesuffix("-8").removesuffix("-2")
    name = f"scifact-{uuid.uuid4().hex}"
    target = f"{engine}:{url.removeprefix('http:')}/{name}"
    settings = {"vector_index": "flat", "replicas": 0}
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings) as index:
        assert index.add(scifact.documents).indexed == len(scifact.documents)
        yield index
    ask("DELETE", f"{url}/{name}")


def lines(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.parametrize("fusion", FUSIONS)
def test_ledgers_agree(
    scifact: Collection, wanted: Answers, served: HybridIndex, fusion: str
) -> None:
    options: dict[str, Any] = {"fusion": fusion, "explain": True, "fields": (), "passages": 0}
    found = served.search_many(scifact.requests(100, **options))
    for one, other in zip(wanted(100, **options), found, strict=True):
        assert one.candidates == other.candidates
        ledgers = {hit.id: hit for hit in other.hits}
        # Scores that differ by rounding may change places at the end of the list.
        shared = [hit for hit in one.hits if hit.id in ledgers]
        assert len(shared) >= len(one.hits) - 1
        for hit in shared:
            same = ledgers[hit.id]
            assert same.score == pytest.approx(hit.score, abs=1e-3)
            for name, entry in hit.ledger.items():
                for value, number in entry.as_dict().items():
                    if isinstance(number, float):
                        assert getattr(same.ledger[name], value) == pytest.approx(
                            number, rel=1e-4, abs=1e-3
                        )


@pytest.mark.parametrize(
    "options",
    [{"retrievers": ("lexical",)}, {"retrievers": ("dense",)}, {"fusion": "rrf"}, {}],
    ids=["lexical", "dense", "rrf", "default"],
)
def test_relevance_agrees(
    scifact: Collection, wanted: Answers, served: HybridIndex, options: dict[str, Any]
) -> None:
    options = {"fields": (), "passages": 0, **options}
    relevance = scifact.ndcg(wanted(**options))
    found = scifact.ndcg(served.search_many(scifact.requests(**options)))
    assert relevance > 0.4, "the collection and its judgements do not fit each other"
    assert found == pytest.approx(relevance, abs=0.002)
