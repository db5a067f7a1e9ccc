"""On a real collection, completing what can matter gives what completing everything gives."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.table import Fused, ScoreTable


@dataclass(frozen=True)
class CompletingAll(Convex):
    """The default fusion, but it says that every missing score can matter."""

    def separable(self, table: ScoreTable) -> bool:  # noqa: ARG002 - the protocol's
        return False

    def fuse(self, table: ScoreTable) -> Fused:
        return Convex(self.dense).fuse(table)


def read(path: Path, most: int) -> list[dict[str, Any]]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file][:most]


@pytest.fixture(scope="module")
def index(
    tmp_path_factory: pytest.TempPathFactory, shared: Path, minilm: Encoder
) -> Iterator[HybridIndex]:
    folder = shared / "eval" / "stackfaq"
    corpus = read(folder / "corpus.jsonl.gz", 719)
    target = f"embedded:{tmp_path_factory.mktemp('stackfaq') / 'index'}"
    schema = Schema(text={"text": "english"})
    with HybridIndex.create(target, schema=schema, encoder=minilm) as made:
        # The beginnings are enough to compare by, and quicker to encode.
        made.add({"id": d["_id"], "text": f"{d['title']} {d['text']}"[:300]} for d in corpus)
        yield made


@pytest.mark.slow
@pytest.mark.parametrize(("dense", "window"), [(0.8, 20), (0.5, 20), (0.8, 100), (0.2, 50)])
def test_the_same_hits_in_the_same_order_with_fewer_questions(
    index: HybridIndex, shared: Path, dense: float, window: int
) -> None:
    queries = [q["text"] for q in read(shared / "eval" / "stackfaq" / "queries.jsonl.gz", 150)]
    asked = index.search_many(queries, window=window, fusion=Convex(dense), explain=True)
    everything = index.search_many(
        queries, window=window, fusion=CompletingAll(dense), explain=True
    )
    for some, full in zip(asked, everything, strict=True):
        assert [(hit.id, hit.score) for hit in some.hits] == [
            (hit.id, hit.score) for hit in full.hits
        ]
        for hit, same in zip(some.hits, full.hits, strict=True):
            scores = {name: entry.score for name, entry in hit.ledger.items()}
            assert scores == {name: entry.score for name, entry in same.ledger.items()}
    cells = sum(sum(response.completed.values()) for response in asked)
    most = sum(sum(response.completed.values()) for response in everything)
    assert most > 0
    assert cells < (most / 2 if window >= 50 else most)
