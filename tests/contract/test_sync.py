"""An index made equal to a source, on every engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from counting_encoder import CountingEncoder
from vectors import random_units, unit

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import ConfigurationError, SourceError, SyncStoppedError
from hybridsearch.indexing.records import Unreadable
from hybridsearch.model.response import SyncReport

Given = dict[str, Any]


def documents(numbers: Any, **changes: Any) -> list[Given]:
    return [
        {"id": f"d{n:03}", "title": f"title {n}", "dense": random_units(1, seed=n)[0], **changes}
        for n in numbers
    ]


def held(index: HybridIndex) -> dict[str, Any]:
    return {document.id: document.fields["title"] for document in index.scan()}


def test_a_sync_adds_replaces_and_deletes_and_leaves_the_rest(make: Callable[..., Any]) -> None:
    index = make(documents(range(30)))
    source = documents(range(3), title="other") + documents(range(3, 28)) + documents(range(40, 45))
    told = index.sync(source, dry_run=True)
    assert (told.added, told.changed, told.unchanged, told.deleted) == (5, 3, 25, 2)
    assert told.dry_run
    assert held(index) == {one["id"]: one["title"] for one in documents(range(30))}
    done = index.sync(iter(source))
    assert (done.added, done.changed, done.unchanged, done.deleted) == (5, 3, 25, 2)
    assert held(index) == {one["id"]: one["title"] for one in source}
    again = index.sync(source)
    assert (again.added, again.changed, again.unchanged, again.deleted) == (0, 0, 33, 0)


def test_other_vectors_are_a_change(make: Callable[..., Any]) -> None:
    index = make(documents(range(3)))
    source = documents(range(3))
    source[1]["dense"] = unit(1)
    report = index.sync(source)
    assert (report.changed, report.unchanged) == (1, 2)
    found = {document.id: document for document in index.scan(vectors=True)}
    assert np.allclose(found["d001"].vectors["dense"].vectors, [unit(1)])


def test_more_than_a_share_is_not_deleted(make: Callable[..., Any]) -> None:
    index = make(documents(range(20)))
    with pytest.raises(SyncStoppedError, match=r"5 of 20 documents .*'d015'.* 20%"):
        index.sync(documents(range(15)))
    assert len(held(index)) == 20
    with pytest.raises(SyncStoppedError, match="20 of 20"):
        index.sync([])
    wrong: Any
    for wrong in (20, -0.1, float("nan"), "0.2", None):
        with pytest.raises(ConfigurationError, match="from 0 to 1"):
            index.sync([], most_deleted=wrong)
    for source in (documents(range(15)), []):
        assert "of 20 documents are not in the source" in index.sync(source, dry_run=True).stopped
    assert index.sync(documents(range(16, 26)), dry_run=True, most_deleted=0.7).stopped is None
    assert index.sync(documents(range(15)), most_deleted=0.25).deleted == 5
    index.add(documents(range(100)))
    # 0.29 * 100 is a little less than 29.
    assert index.sync(documents(range(71)), most_deleted=0.29).deleted == 29
    assert index.sync([], most_deleted=1.0).deleted == 71


def test_a_document_that_is_set_aside_keeps_its_old_self(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    index = make(documents(range(10)))
    source = documents(range(9))
    source[3]["year"] = "no number"
    source.append({"_op": "delete", "id": "d009"})
    report = index.sync(source, dead_letters=tmp_path / "letters.jsonl")
    assert (report.failed, report.unchanged, report.deleted) == (2, 8, 0)
    assert "no _op" in report.failures[1].reason
    assert len(held(index)) == 10


def test_nothing_is_deleted_where_a_record_may_be_any_document(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    index = make(documents(range(10)))
    source = [*documents(range(9)), Unreadable("file:10", "it is no JSON", "{")]
    told = "1 records of the source could not be read"
    assert told in index.sync(source, dry_run=True).stopped
    with pytest.raises(SyncStoppedError, match=f"{told}.*1 records are set aside in .*rs.jsonl"):
        index.sync(source, dead_letters=tmp_path / "letters.jsonl")
    assert len(held(index)) == 10


def test_a_source_that_breaks_deletes_nothing(make: Callable[..., Any]) -> None:
    def broken() -> Iterator[Given]:
        yield from documents(range(9), title="other")
        raise SourceError("it is gone")

    index = make(documents(range(10)))
    for dry_run in (True, False):
        with pytest.raises(SourceError, match="it is gone"):
            index.sync(broken(), dry_run=dry_run)
        assert len(held(index)) == 10
        assert list(held(index).values()).count("other") == (0 if dry_run else 9)


def test_what_an_index_has_in_a_newer_version_is_counted_apart(make: Callable[..., Any]) -> None:
    index = make(documents(range(3), _version=10))
    source = documents([0], _version=9, title="older") + documents([1], _version=11, title="newer")
    report = index.sync([*source, *documents([2, 3], _version=10)])
    assert (report.added, report.changed, report.unchanged, report.outdated) == (1, 1, 1, 1)
    assert list(held(index).values()) == ["title 0", "newer", "title 2", "title 3"]


def test_a_newer_version_of_what_has_not_changed_is_kept(make: Callable[..., Any]) -> None:
    """Or a change from in between, that comes late, would take its place."""
    index = make(documents(range(2), _version=1))
    source = documents([0], _version=3) + documents([1], _version=1)
    assert index.sync(source, dry_run=True).changed == 1
    report = index.sync(source)
    assert (report.changed, report.unchanged) == (1, 1)
    late = index.add(documents(range(2), _version=2, title="late"))
    assert (late.outdated, late.replaced) == (1, 1)
    assert list(held(index).values()) == ["title 0", "late"]
    assert index.sync(source).outdated == 1


def test_a_dry_run_keeps_nobody_from_writing(make: Callable[..., Any], target: str) -> None:
    def broken() -> Iterator[Given]:
        yield {"_op": "update", "id": "d001", "title": "other"}
        raise SourceError("it is gone")

    make(documents(range(10))).close()
    with HybridIndex.open(target) as index, HybridIndex.open(target) as other:
        with pytest.raises(SourceError):
            index.sync(broken(), dry_run=True)
        assert other.add(documents([11])).indexed == 1


def test_a_change_among_documents_is_set_aside_and_the_document_is_not(
    make: Callable[..., Any], tmp_path: Path
) -> None:
    index = make(documents(range(10)))
    source = [*documents(range(10), title="other"), {"_op": "delete", "id": "d001"}]
    report = index.sync(source, dead_letters=tmp_path / "letters.jsonl")
    assert (report.failed, report.changed, report.deleted) == (1, 10, 0)
    assert held(index) == {one["id"]: "other" for one in documents(range(10))}


def test_an_id_that_comes_again_is_what_it_is_at_last(make: Callable[..., Any]) -> None:
    """What is stored when the source is read is not what was written since."""
    index = make(documents(range(2), title="last"))
    source = documents([0], title="first") + documents(range(100, 700)) + documents([0, 1])
    source[-2]["title"] = source[-1]["title"] = "last"
    index.sync(source)
    assert held(index)["d000"] == "last"
    assert index.sync(source[1:], dry_run=True).unchanged == 602


def counted(report: SyncReport) -> tuple[int, ...]:
    return (
        report.added,
        report.changed,
        report.unchanged,
        report.duplicates,
        report.outdated,
        report.failed,
    )


@pytest.mark.parametrize("between", [0, 600], ids=["together", "apart"])
@pytest.mark.parametrize(
    ("titles", "changed"),
    [
        (["title 0", "title 0"], 0),
        (["title 0", "other"], 1),
        (["other", "another"], 1),
        (["title 0", "other", "other"], 1),
    ],
)
def test_an_id_that_comes_again_is_a_duplicate_of_one_document(
    make: Callable[..., Any], titles: list[str], changed: int, between: int
) -> None:
    index = make(documents(range(2)))
    first, *later = (documents([0], title=title)[0] for title in titles)
    source = [first, *documents([1]), *documents(range(100, 100 + between)), *later]
    expected = (between, changed, 2 - changed, len(later), 0, 0)
    assert counted(index.sync(source, dry_run=True)) == expected
    assert counted(index.sync(source)) == expected
    assert sum(expected) == len(source)
    assert held(index)["d000"] == titles[-1]


def test_a_dry_run_counts_as_the_sync_does_whatever_comes_again(make: Callable[..., Any]) -> None:
    random = np.random.default_rng(5)
    index = make(documents(range(40), _version=5))
    for _ in range(3):
        source = [
            *documents(range(40), _version=5),
            *documents(range(200, 650)),
            *(
                documents([n], title=f"title {n + other}", _version=6, year=year or "wrong")[0]
                for n, other, year in random.integers(0, [60, 2, 10], (700, 3)).tolist()
            ),
            *documents([0, 1, 2], title="older", _version=4),
        ]
        told = index.sync(source, dry_run=True)
        done = index.sync(source)
        assert (told.added, told.changed, told.unchanged) == counted(done)[:3]
        assert told.duplicates + told.outdated == done.duplicates + done.outdated
        assert sum(counted(told)) == sum(counted(done)) == len(source)
        last = {one["id"]: one["title"] for one in source[:-3] if one.get("year") != "wrong"}
        assert held(index) == last


def test_what_an_index_has_in_a_newer_version_is_told_by_a_dry_run(
    make: Callable[..., Any],
) -> None:
    index = make(documents(range(3), _version=10))
    source = [*documents([0, 0], _version=9, title="older"), *documents([1, 2], _version=10)]
    for dry_run in (True, False):
        report = index.sync(source, dry_run=dry_run)
        assert counted(report) == (0, 0, 2, 1, 1, 0)
    assert list(held(index).values()) == ["title 0", "title 1", "title 2"]


def test_what_has_not_changed_is_not_encoded(
    target: str, settings: dict[str, Any], tiny: Encoder, tmp_path: Path
) -> None:
    schema = Schema(text=["title"], metadata={"year": "integer"})
    encoder = CountingEncoder(tiny)
    source = [{"id": str(n), "title": f"title {n}", "year": n} for n in range(20)]
    with HybridIndex.create(target, schema=schema, encoder=encoder, settings=settings) as index:
        index.sync(source)
        encoder.texts.clear()
        source[3] = {**source[3], "year": 77}
        source[4] = {**source[4], "title": "another"}
        report = index.sync(source)
        assert (report.changed, report.unchanged) == (2, 18)
        assert encoder.texts == ["another"]
        # A copy has the digests of what it is a copy of.
        with HybridIndex.create(
            f"embedded:{tmp_path / 'copy'}", schema=schema, encoder=encoder
        ) as copy:
            copy.add(index.scan(vectors=True))
            assert copy.sync(source).unchanged == 20
        assert encoder.texts == ["another"]
