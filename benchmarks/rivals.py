"""The same passages and queries by other means: LanceDB, and numpy with bm25s by hand."""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from data import DIMS, Passages, Query, passages, queries, say, scratch
from embedded import build, target_of
from timing import interleaved, latency_table, table

from hybridsearch import HybridIndex

_WINDOW = 200
_BATCH = 10_000

Search = Callable[[Query], list[str]]


def by_hand(given: Passages) -> tuple[Search, float]:
    """A float32 product over all rows, BM25 scores of all passages, the library's blend."""
    import bm25s

    begin = time.perf_counter()
    texts = given.texts()
    rows = np.array(given.vectors)
    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    retriever.index([text.split() for text in texts], show_progress=False)
    seconds = time.perf_counter() - begin

    def search(query: Query) -> list[str]:
        dense = rows @ query.vector
        lexical = retriever.get_scores(query.text.split())
        union = np.union1d(_best(dense, _WINDOW), _best(lexical, _WINDOW))
        scale = max(float(lexical.max()), 1e-9)
        cosines = (dense[union] + 1) / (float(dense.max()) + 1)
        scores = 0.8 * cosines + 0.2 * lexical[union] / scale
        order = np.argsort(-scores)[:10]
        hits = [(f"d{position:07d}", texts[position]) for position in union[order].tolist()]
        return [id for id, _ in hits]

    return search, seconds


def with_lancedb(given: Passages) -> tuple[dict[str, Search], dict[str, float]]:
    """Its hybrid query with the RRF reranker, over all rows and over an IVF_PQ index."""
    os.environ.setdefault("LANCE_LOG", "error")  # it warns about each query
    import lancedb
    from lancedb.index import FTS, IvfPq
    from lancedb.rerankers import RRFReranker

    pa: Any = import_module("pyarrow")
    folder = scratch() / "lancedb"
    shutil.rmtree(folder, ignore_errors=True)
    kind = pa.schema(
        [
            pa.field("id", pa.string()),
            pa.field("text", pa.string()),
            pa.field("number", pa.int64()),
            pa.field("vector", pa.list_(pa.float32(), DIMS)),
        ]
    )

    def batches() -> Any:
        for begin in range(0, len(given), _BATCH):
            end = min(begin + _BATCH, len(given))
            flat = pa.array(np.asarray(given.vectors[begin:end]).reshape(-1))
            columns = [
                pa.array([f"d{position:07d}" for position in range(begin, end)]),
                pa.array([given.text(position) for position in range(begin, end)]),
                pa.array(given.numbers[begin:end]),
                pa.FixedSizeListArray.from_arrays(flat, DIMS),
            ]
            yield pa.record_batch(columns, schema=kind)

    words = FTS(stem=False, remove_stop_words=False, ascii_folding=False)
    database = lancedb.connect(folder)
    tables = {}
    seconds = {}
    for name in ("flat", "IVF_PQ"):
        say(f"rivals: LanceDB, {name}")
        begin = time.perf_counter()
        made = database.create_table(name, pa.RecordBatchReader.from_batches(kind, batches()))
        made.create_index("text", config=words)
        made.wait_for_index(["text_idx"])
        if name != "flat":
            made.create_index("vector", config=IvfPq(distance_type="dot"))
            made.wait_for_index(["vector_idx"])
        seconds[name] = time.perf_counter() - begin
        tables[name] = made
        say(f"  {time.perf_counter() - begin:.0f} s")
    reranker = RRFReranker()

    def search(name: str) -> Search:
        def one(query: Query) -> list[str]:
            found = (
                tables[name]
                .search(query_type="hybrid", vector_column_name="vector", fts_columns="text")
                .vector(query.vector)
                .text(query.text)
                .distance_type("dot")
                .rerank(reranker)
                .select(["id", "text", "number"])
                .limit(10)
                .to_list()
            )
            return [hit["id"] for hit in found]

        return one

    return {name: search(name) for name in tables}, seconds


def agreement(one: Search, other: Search, asked: Sequence[Query]) -> float:
    """The mean share of the ten best that two searches have in common."""
    return statistics.mean(len({*one(query)} & {*other(query)}) / 10 for query in asked)


def main() -> None:
    """Measure at one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    size = parser.parse_args().size
    given = passages(size)
    asked = queries(given, 200)
    say("rivals: indexing with hybridsearch")
    seconds = {"hybridsearch": build(given, target_of(size))}
    index = HybridIndex.open(f"embedded:{target_of(size)}")

    def hybrid(query: Query) -> list[str]:
        return [hit.id for hit in index.search(query.text, vector=query.vector, k=10).hits]

    def hybrid_rrf(query: Query) -> list[str]:
        found = index.search(query.text, vector=query.vector, k=10, fusion="rrf")
        return [hit.id for hit in found.hits]

    searches: dict[str, Search] = {"hybridsearch": hybrid, 'hybridsearch, fusion="rrf"': hybrid_rrf}
    notes = []
    if find_spec("bm25s") is None:
        notes.append("bm25s is not installed: numpy and bm25s were left out.")
    else:
        say("rivals: indexing with numpy and bm25s")
        name = "numpy and bm25s, the same blend"
        searches[name], seconds[name] = by_hand(given)
        same = agreement(hybrid, searches[name], asked)
        notes.append(f"The ten best of hybridsearch and of numpy with bm25s agree to {same:.1%}.")
    if find_spec("lancedb") is None:
        notes.append("LanceDB is not installed: it was left out (`pip install lancedb`).")
    else:
        made, times = with_lancedb(given)
        for name, search in made.items():
            searches[f"LanceDB, {name}, RRF"] = search
            seconds[f"LanceDB, {name}, RRF"] = times[name]
        same = agreement(made["flat"], made["IVF_PQ"], asked)
        notes.append(f"LanceDB's ten best over all rows and over IVF_PQ agree to {same:.1%}.")
    say("rivals: searching")
    cases = {
        name: lambda number, search=search: search(asked[number % len(asked)])
        for name, search in searches.items()
    }
    samples = interleaved(cases, rounds=5, calls=60)
    print(f"### Other ways to search the same {size:,} passages\n")
    print(latency_table(samples) + "\n")
    rows = [[name, f"{size / taken:,.0f}"] for name, taken in seconds.items()]
    print(table(["documents indexed per second", "once"], rows) + "\n")
    print(" ".join(notes) + "\n")
    index.close()


def _best(scores: np.ndarray, count: int) -> np.ndarray:
    return np.argpartition(scores, len(scores) - count)[-count:]


if __name__ == "__main__":
    main()
