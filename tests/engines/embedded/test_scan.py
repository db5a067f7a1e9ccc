"""The dense search reads 8-bit rows first and still equals a full float32 scan."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vectors import random_units

from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.embedded.rows import RowFiles, RowMap, quantise
from hybridsearch.engines.embedded.scan import LiveRows, best_documents, exact_scores


def stored(folder: Path, vectors: np.ndarray) -> RowMap:
    files = RowFiles(folder, 0, vectors.shape[1])
    files.append(vectors, np.zeros((len(vectors), 2), dtype=np.int32))
    files.sync()
    files.close()
    return RowMap.open(folder, 0, vectors.shape[1])


def brute_force(
    rows: RowMap, counts: np.ndarray, query: np.ndarray, keep: np.ndarray | None
) -> dict[int, float]:
    """Every document's best row, by the float32 products of all rows."""
    scores = exact_scores(rows, np.arange(len(rows.floats)), query)
    ends = np.cumsum(counts)
    best = {}
    for document, (end, count) in enumerate(zip(ends, counts, strict=True)):
        if count and (keep is None or keep[document]):
            best[document] = float(scores[end - count : end].max())
    return best


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_rows_any_filter_any_window(data: st.DataObject) -> None:
    seed = data.draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    dims = data.draw(st.sampled_from([2, 3, 8, 33, 128]))
    documents = data.draw(st.integers(1, 200))
    counts = random.integers(0, data.draw(st.integers(2, 5)), documents)
    total = int(counts.sum())
    centres = random.standard_normal((3, dims))
    spread = data.draw(st.sampled_from([0.0, 0.01, 0.3, 3.0]))
    vectors = centres[random.integers(0, 3, total)] + spread * random.standard_normal((total, dims))
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    query = (
        vectors[0]
        if total and data.draw(st.booleans())
        else random_units(1, dims=dims, seed=seed)[0]
    )
    keep = random.random(documents) < data.draw(st.sampled_from([0.0, 0.02, 0.5, 1.0]))
    keep_or_none = keep if data.draw(st.booleans()) else None
    window = data.draw(st.integers(1, 60))
    rows = RowMap(
        vectors,
        quantise(vectors)[0] if total else np.empty((0, dims), dtype=np.int8),
        described(vectors),
    )
    first = np.cumsum(counts) - counts
    live = LiveRows.of(rows, np.arange(documents), first, counts)
    ordinals, scores = best_documents(live, query, window, keep_or_none)
    expected = brute_force(rows, counts, query, keep_or_none)
    found = dict(zip(ordinals.tolist(), scores.tolist(), strict=True))
    assert len(found) == len(ordinals)
    wanted = sorted(expected.values(), reverse=True)[:window]
    assert sorted(found.values(), reverse=True)[:window] == wanted
    if wanted:  # all ties with the last one are there, so that ids can break them
        assert {d for d, s in found.items() if s >= wanted[-1]} == {
            d for d, s in expected.items() if s >= wanted[-1]
        }
    assert all(expected[document] == score for document, score in found.items())


def described(vectors: np.ndarray) -> np.ndarray:
    from hybridsearch.engines.embedded.rows import ROW_TYPE

    rows = np.zeros(len(vectors), dtype=ROW_TYPE)
    if len(vectors):
        _, rows["scale"], rows["residual"] = quantise(vectors)
    return rows


def test_dead_rows_are_never_found(tmp_path: Path) -> None:
    vectors = random_units(50, dims=16)
    rows = stored(tmp_path, vectors)
    alive = np.array([3, 4, 9])
    live = LiveRows.of(rows, alive, alive, np.ones(3, dtype=np.int64))
    ordinals, _ = best_documents(live, vectors[5], 50, None)
    assert sorted(ordinals.tolist()) == [3, 4, 9]


def test_the_stored_residual_bounds_what_rounding_took(tmp_path: Path) -> None:
    rows = stored(tmp_path, random_units(500, dims=100))
    rebuilt = rows.int8.astype(np.float64) * rows.rows["scale"][:, None].astype(np.float64)
    lost = np.linalg.norm(rows.floats.astype(np.float64) - rebuilt, axis=1)
    assert (lost <= rows.rows["residual"] + 1e-7).all()
    assert (rows.rows["residual"] <= lost * 1.01 + 1e-6).all()


def test_a_score_does_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    rows = stored(tmp_path, random_units(1000, dims=768))
    query = random_units(1, dims=768, seed=4)[0]
    together = exact_scores(rows, np.arange(1000), query)
    for row in range(0, 1000, 37):
        assert exact_scores(rows, np.array([row]), query)[0] == together[row]


@pytest.mark.parametrize("seed", range(3))
def test_recall_at_100_is_1_on_random_vectors(tmp_path: Path, seed: int) -> None:
    vectors = random_units(20_000, dims=256, seed=seed)
    assert_recall(stored(tmp_path, vectors), random_units(20, dims=256, seed=seed + 100))


def test_recall_at_100_is_1_on_real_vectors(tmp_path: Path, minilm: Encoder, shared: Path) -> None:
    import gzip
    import json

    with gzip.open(shared / "eval" / "stackfaq" / "corpus.jsonl.gz", "rt") as file:
        texts = [json.loads(line)["text"][:400] for line in file][:500]
    with gzip.open(shared / "eval" / "stackfaq" / "queries.jsonl.gz", "rt") as file:
        queries = [json.loads(line)["text"] for line in file][:100]
    vectors = minilm.encode_documents(texts)
    assert_recall(stored(tmp_path, vectors), minilm.encode_queries(queries))


def assert_recall(rows: RowMap, queries: np.ndarray) -> None:
    count = len(rows.floats)
    everyone = np.arange(count)
    live = LiveRows.of(rows, everyone, everyone, np.ones(count, dtype=np.int64))
    for query in queries:
        scores = exact_scores(rows, everyone, query)
        best = np.argsort(-scores, kind="stable")[:100]
        ordinals, found = best_documents(live, query, 100, None)
        order = np.lexsort((ordinals, -found))[:100]
        assert ordinals[order].tolist() == best.tolist()
        assert found[order].tolist() == scores[best].tolist()
        assert len(ordinals) <= count
