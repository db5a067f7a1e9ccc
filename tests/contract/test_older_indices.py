"""Documents that an index holds since before there were digests, on every engine."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting_encoder import CountingEncoder

from hybridsearch import HybridIndex, Schema, Update
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.cluster.mapping import DIGESTS, index_body
from hybridsearch.wiring.mapping import Wanted, apply_mapping

SCHEMA = Schema(text=["title"], metadata={"year": "integer"})
Open = Callable[[], HybridIndex]


def article(number: int, **changes: Any) -> dict[str, Any]:
    return {"id": f"a{number}", "title": f"article {number}", "year": number, **changes}


def write_as_before(index: HybridIndex, documents: list[dict[str, Any]]) -> None:
    """Leave in an index what a version without digests would have left there."""
    engine: Any = index._performer.engine
    if index.target.engine == "embedded":
        index.add(documents)
        index.close()
        (Path(index.target.location) / "documents.rev").unlink()
        return
    engine._index = dataclasses.replace(engine._index, digests=False)
    index.add(documents)
    index.close()


@pytest.fixture
def encoder(tiny: Encoder) -> CountingEncoder:
    return CountingEncoder(tiny)


@pytest.fixture
def older(target: str, settings: dict[str, Any], encoder: CountingEncoder) -> Iterator[HybridIndex]:
    index = HybridIndex.create(target, schema=SCHEMA, encoder=encoder, settings=settings)
    write_as_before(index, [article(n) for n in range(6)])
    encoder.texts.clear()
    with HybridIndex.open(target, encoder=encoder) as again:
        yield again


def vector(index: HybridIndex, id: str) -> Any:
    found = {document.id: document for document in index.scan(vectors=True)}
    return found[id].vectors["dense"].vectors


def test_a_text_that_changes_after_other_changes_is_encoded(
    older: HybridIndex, encoder: CountingEncoder
) -> None:
    before = vector(older, "a1")
    older.add([Update("a1", {"year": 2000})])
    assert encoder.texts == []
    assert vector(older, "a1").tobytes() == before.tobytes()
    older.add([Update("a1", {"title": "other words"})])
    assert encoder.texts == ["other words"]
    expected = encoder.encode_documents(["other words"])
    assert np.allclose(vector(older, "a1"), expected, atol=1e-5)


def test_a_text_that_changes_in_a_copy_is_encoded(
    older: HybridIndex, encoder: CountingEncoder, tmp_path: Path
) -> None:
    place = f"embedded:{tmp_path / 'copy'}"
    with HybridIndex.create(place, schema=SCHEMA, encoder=encoder) as copy:
        copy.add(older.scan(vectors=True))
        encoder.texts.clear()
        copy.add([Update("a1", {"title": "other words"})])
        assert encoder.texts == ["other words"]
        assert np.allclose(vector(copy, "a1"), encoder.encode_documents(["other words"]), atol=1e-5)


def test_a_sync_counts_them_as_changed_once(older: HybridIndex, encoder: CountingEncoder) -> None:
    source = [article(n) for n in range(6)]
    older.add([Update("a1", {"year": 1})])
    assert older.sync(source).changed == 6
    assert len(encoder.texts) == 6
    assert older.sync(source).unchanged == 6


def test_a_version_is_kept_all_the_same(older: HybridIndex) -> None:
    report = older.add([Update("a1", {"year": 8}, version=8), Update("a1", {"year": 7}, version=7)])
    assert (report.updated, report.outdated) == (1, 1)
    assert {document.id: document.version for document in older.scan()}["a1"] == 8


def test_an_index_without_fields_for_digests_works_and_can_be_given_them(
    target: str,
    settings: dict[str, Any],
    encoder: CountingEncoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if target.startswith("embedded:"):
        pytest.skip("it has no mapping")

    def as_before(*given: Any) -> dict[str, Any]:
        body = index_body(*given)
        del body["mappings"]["properties"][DIGESTS]
        return body

    monkeypatch.setattr("hybridsearch.engines.cluster.opening.index_body", as_before)
    HybridIndex.create(target, schema=SCHEMA, encoder=encoder, settings=settings).close()
    source = [article(n) for n in range(6)]
    with HybridIndex.open(target, encoder=encoder) as index:
        index.add([*source, Update("a1", {"title": "other words"})])
        assert encoder.texts[6:] == ["other words"]
        assert index.add([article(2, _version=9), article(2, _version=8)]).outdated == 1
        assert index.sync(source).changed == 6
        assert index.sync(source, dry_run=True).changed == 6
    apply_mapping(target, Wanted())
    with HybridIndex.open(target, encoder=encoder) as index:
        assert index.sync(source).changed == 6
        assert index.sync(source).unchanged == 6
