"""Parquet and Arrow files as sources: values as fields take them, vectors as views."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather
import pyarrow.parquet
import pytest
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import ConfigurationError, MissingDependencyError, SourceError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.open import open_sources

Save = Callable[[pa.Table, Path], Path]


def save_parquet(table: pa.Table, stem: Path) -> Path:
    pa.parquet.write_table(table, stem.with_suffix(".parquet"), row_group_size=1500)
    return stem.with_suffix(".parquet")


def save_arrow(table: pa.Table, stem: Path) -> Path:
    with pa.ipc.new_file(stem.with_suffix(".arrow"), table.schema) as file:
        file.write_table(table, max_chunksize=1500)
    return stem.with_suffix(".arrow")


def save_stream(table: pa.Table, stem: Path) -> Path:
    with pa.ipc.new_stream(stem.with_suffix(".arrow"), table.schema) as file:
        file.write_table(table, max_chunksize=1500)
    return stem.with_suffix(".arrow")


def save_feather(table: pa.Table, stem: Path) -> Path:
    pa.feather.write_feather(table, stem.with_suffix(".feather"), compression="zstd")
    return stem.with_suffix(".feather")


@pytest.fixture(params=[save_parquet, save_arrow, save_stream, save_feather])
def save(request: pytest.FixtureRequest) -> Save:
    saving: Save = request.param
    return saving


def documents_of(path: Path, **options: Any) -> list[Any]:
    records = list(open_sources([str(path)], **options).records)
    assert all(isinstance(record, Located) for record in records)
    return [record.document for record in records if isinstance(record, Located)]


def test_every_type_becomes_what_fields_accept(save: Save, tmp_path: Path) -> None:
    moment = datetime(2024, 2, 29, 12, 30, tzinfo=UTC)
    table = pa.table(
        {
            "id": pa.array([7, 8], pa.int64()),
            "title": ["whale", None],
            "sold": [True, None],
            "price": pa.array([Decimal("12.50"), None], pa.decimal128(10, 2)),
            "day": pa.array([date(2024, 2, 29), None]),
            "seen": pa.array([moment, None], pa.timestamp("us", "UTC")),
            "nanoseconds": pa.array([1_709_209_800_000_000_001, None], pa.timestamp("ns")),
            "lang": pa.array(["en", None]).dictionary_encode(),
            "tags": [["a", "b"], []],
            "counts": pa.array([[1, 2], None], pa.list_(pa.int32())),
            "extra": [{"a": 1, "b": [None]}, None],
        }
    )
    first, second = documents_of(save(table, tmp_path / "t"))
    assert first == {
        "id": "7",
        "title": "whale",
        "sold": True,
        "price": 12.5,
        "day": "2024-02-29",
        "seen": "2024-02-29T12:30:00+00:00",
        "nanoseconds": "2024-02-29T12:30:00",
        "lang": "en",
        "tags": ["a", "b"],
        "counts": [1, 2],
        "extra": {"a": 1, "b": [None]},
    }
    assert second == {"id": "8", "tags": []}


@pytest.mark.parametrize("kind", ["list", "large_list", "fixed", "half"])
def test_vectors_are_views_and_reach_the_index(save: Save, tmp_path: Path, kind: str) -> None:
    vectors = random_units(4000, dims=16, seed=1)
    holds: Any = {
        "list": pa.list_(pa.float32()),
        "large_list": pa.large_list(pa.float64()),
        "fixed": pa.list_(pa.float32(), 16),
        "half": pa.list_(pa.float16(), 16),
    }[kind]
    rows: list[Any] = list(vectors.astype(np.float16) if kind == "half" else vectors)
    rows[5] = None
    table = pa.table(
        {
            "id": [f"d{n:04d}" for n in range(4000)],
            "v": pa.array(rows, holds),
            "title": ["x"] * 4000,
        }
    )
    path = save(table, tmp_path / "t")
    found = documents_of(path)
    assert "v" not in found[5]
    assert all(isinstance(document["v"], np.ndarray) for n, document in enumerate(found) if n != 5)
    assert np.shares_memory(found[6]["v"].base, found[7]["v"])
    for number in (0, 1, 1499, 1500, 2999, 3999):
        np.testing.assert_allclose(found[number]["v"], vectors[number], atol=1e-3)
    schema = Schema(text=["title"], dense={"v": {"embeds": ["title"], "dims": 16}})
    with HybridIndex.create(f"embedded:{tmp_path / 'x'}", schema=schema, encoder=None) as index:
        report = index.add(open_sources([str(path)]).records)
        assert (report.indexed, report.failed) == (3999, 1)


def test_lists_of_vectors_are_the_passages_of_a_document(save: Save, tmp_path: Path) -> None:
    rows = random_units(5, dims=4).tolist()
    holds = pa.list_(pa.list_(pa.float32()))
    given = [rows[:2], rows[2:], None, [rows[0], rows[1][:3]], []]
    table = pa.table({"id": list("abcde"), "v": pa.array(given, holds)})
    found = documents_of(save(table, tmp_path / "t"))
    np.testing.assert_allclose(found[0]["v"], rows[:2], rtol=1e-6)
    np.testing.assert_allclose(found[1]["v"], rows[2:], rtol=1e-6)
    assert found[0]["v"].shape == (2, 4)
    assert "v" not in found[2]
    assert [len(row) for row in found[3]["v"]] == [4, 3]
    assert len(found[4]["v"]) == 0


def test_reading_tells_how_far_it_is(save: Save, tmp_path: Path) -> None:
    table = pa.table({"id": [str(n) for n in range(6000)], "text": ["word"] * 6000})
    source = open_sources([str(save(table, tmp_path / "t"))])
    assert source.reading.fraction == 0.0
    told = [source.reading.fraction or 0.0 for _ in source.records]
    assert told == sorted(told)
    assert source.reading.fraction == 1.0
    if save is not save_feather:  # which is one batch
        assert 0.2 < told[3000] < 0.8


def test_any_column_can_hold_the_ids_and_places_name_the_row(save: Save, tmp_path: Path) -> None:
    path = save(pa.table({"isbn": ["1", "2"], "id": [8, 9]}), tmp_path / "t")
    records = list(open_sources([str(path)], id="isbn").records)
    assert records == [
        Located(f"{path.name} row 1", {"id": "1"}),
        Located(f"{path.name} row 2", {"id": "2"}),
    ]
    with pytest.raises(SourceError, match="no column 'sku', but isbn, id: name the one"):
        open_sources([str(path)], id="sku")


def test_a_file_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    for name in ("t.parquet", "t.arrow", "t.feather"):
        for content in (b"", b"plain text that is longer than any header" * 9):
            (tmp_path / name).write_bytes(content)
            with pytest.raises(SourceError, match=f"{name} cannot be read as"):
                open_sources([str(tmp_path / name)])
    path = save_parquet(pa.table({"title": ["x"]}), tmp_path / "no-id")
    with pytest.raises(SourceError, match="no column 'id', but title"):
        open_sources([str(path)])
    with pytest.raises(ConfigurationError, match="not asked by a query"):
        open_sources([str(path)], query="SELECT 1")


def test_a_file_that_was_cut_off_is_not_taken_for_whole(save: Save, tmp_path: Path) -> None:
    rows = random_units(3000, dims=16).tolist()
    table = pa.table({"id": [str(n) for n in range(3000)], "v": rows})
    path = save(table, tmp_path / "t")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceError, match="cannot be read as"):
        list(open_sources([str(path)]).records)


def test_without_the_package_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = save_parquet(pa.table({"id": ["a"]}), tmp_path / "t")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsearch\[parquet\]"):
        open_sources([str(path)])
