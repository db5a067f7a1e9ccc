"""BM25 on a real collection equals Lucene's, by an independent implementation."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
from bm25 import lucene_bm25

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.embedded.analysis import analyzer

QUERIES = 40


def read(path: Path) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


@pytest.mark.slow
def test_scores_on_scifact_equal_lucenes_formula(tmp_path: Path, shared: Path) -> None:
    folder = shared / "eval" / "scifact"
    corpus = read(folder / "corpus.jsonl.gz")
    queries = read(folder / "queries.jsonl.gz")[:QUERIES]
    terms = analyzer("english")
    analysed = [terms(document["text"]) for document in corpus]
    schema = Schema(text={"text": "english"}, dense={})
    with HybridIndex.create(f"embedded:{tmp_path / 'index'}", schema=schema) as index:
        index.add({"id": d["_id"], "text": d["text"]} for d in corpus)
        for query in queries:
            scores = lucene_bm25(analysed, terms(query["text"]))
            wanted = {d["_id"]: s for d, s in zip(corpus, scores, strict=True)}
            hits = index.search(query["text"], k=100, window=100, explain=True).hits
            best = sorted(wanted.values(), reverse=True)[: len(hits)]
            found = [hit.ledger["lexical"].score for hit in hits]
            assert found == pytest.approx(best, rel=1e-4)
            for hit in hits:
                assert hit.ledger["lexical"].score == pytest.approx(wanted[hit.id], rel=1e-4)
