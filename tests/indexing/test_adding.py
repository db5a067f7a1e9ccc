"""Adding documents: counts add up, and what a source gave before it failed is kept, all of it."""

from __future__ import annotations

import errno
import json
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

import hybridsearch.indexing.trail
from hybridsearch import AsyncHybridIndex, Document, HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.embedded.files import DocumentFiles
from hybridsearch.errors import CheckpointError, EngineError, QueryError, StorageError
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.indexing.dead_letters import DeadLetters

LEXICAL = Schema(text=["text"], metadata={"year": "integer"}, dense={})


def documents(start: int, end: int) -> Iterator[dict[str, Any]]:
    for number in range(start, end):
        yield {"id": f"d{number}", "text": f"word{number} common", "year": number}


def failing(start: int, end: int) -> Iterator[dict[str, Any]]:
    yield from documents(start, end)
    raise RuntimeError("the source broke")


@pytest.fixture
def target(tmp_path: Path) -> str:
    return f"embedded:{tmp_path / 'index'}"


def test_all_that_a_source_gave_before_it_broke_is_kept_and_told(target: str) -> None:
    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        index.add(documents(0, 10))
        with pytest.raises(RuntimeError, match="the source broke") as raised:
            index.add(failing(5, 1500))
        (note,) = raised.value.__notes__
        assert note.startswith("1,495 documents are stored and stay; the same again replaces")
        assert index.count() == 1500
        assert [hit.id for hit in index.search("word1499").hits] == ["d1499"]
    with HybridIndex.open(target) as index:
        assert index.count() == 1500


def test_an_error_tells_where_what_was_set_aside_is(target: str, tmp_path: Path) -> None:
    def broken() -> Iterator[dict[str, Any]]:
        yield {"id": "no text"}
        raise RuntimeError("the source broke")

    letters = tmp_path / "letters.jsonl"
    with (
        HybridIndex.create(target, schema=LEXICAL, encoder=None) as index,
        pytest.raises(RuntimeError, match="the source broke") as raised,
    ):
        index.add(broken(), dead_letters=letters)
    assert raised.value.__notes__ == [f"1 were set aside in {letters}"]


def test_an_engine_that_fails_midway_keeps_what_was_made_durable_before(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)

    def documents_until_the_index_is_closed() -> Iterator[dict[str, Any]]:
        for document in documents(0, 3000):
            if document["year"] == 2000:
                index.close()
            yield document

    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        with pytest.raises(EngineError, match="the index is closed") as raised:
            index.add(documents_until_the_index_is_closed())
        kept = int(raised.value.__notes__[0].split()[0].replace(",", ""))
        assert kept in {512, 1024, 1536}
    with HybridIndex.open(target) as index:
        assert index.count() >= kept
        assert index.count() % 512 == 0


def test_an_add_that_fails_takes_nothing_from_one_in_another_thread(
    target: str, tmp_path: Path
) -> None:
    (tmp_path / "note").write_text("no checkpoint")

    def while_another_fails(index: HybridIndex) -> Iterator[dict[str, Any]]:
        for document in documents(0, 3000):
            if document["year"] == 2000:
                with ThreadPoolExecutor() as other, pytest.raises(CheckpointError):
                    other.submit(index.add, [], checkpoint=tmp_path / "note").result()
            yield document

    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        assert index.add(while_another_fails(index)).indexed == 3000
        assert index.count() == 3000


def test_what_the_disk_refuses_another_thread_is_not_lost_in_silence(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = DocumentFiles.append

    def refused(self: DocumentFiles, documents: Any, *rest: Any) -> Any:
        if documents[0][0] == b"d9999":
            raise OSError(errno.ENOSPC, "No space left on device")
        return append(self, documents, *rest)

    def while_another_fails(index: HybridIndex) -> Iterator[dict[str, Any]]:
        for document in documents(0, 1000):
            if document["year"] == 999:
                with ThreadPoolExecutor() as other, pytest.raises(StorageError):
                    other.submit(index.add, list(documents(9999, 10000))).result()
            yield document

    monkeypatch.setattr(DocumentFiles, "append", refused)
    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        with pytest.raises(EngineError, match=r"took along what was not durable.*add the rest"):
            index.add(while_another_fails(index))
        assert index.add(documents(0, 1000)).indexed == 1000
        assert index.count() == 1000


async def test_all_that_an_asynchronous_source_gave_before_it_broke_is_kept(target: str) -> None:
    async def breaking() -> AsyncIterator[dict[str, Any]]:
        for document in documents(0, 700):
            yield document
        raise RuntimeError("the source broke")

    async with await AsyncHybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        with pytest.raises(RuntimeError, match="the source broke"):
            await index.add(breaking())
        assert await index.count() == 700
        report = await index.add(documents(699, 703))
        assert (report.indexed, report.replaced) == (4, 1)


def test_the_error_of_the_source_is_told_even_where_writing_is_not_possible(target: str) -> None:
    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as first:
        first.add(documents(0, 1))
        with (
            HybridIndex.open(target) as second,
            pytest.raises(RuntimeError, match="the source broke"),
        ):
            second.add(failing(0, 0))


def test_the_error_of_the_source_is_told_even_where_its_checkpoint_cannot_be_written(
    target: str, tmp_path: Path
) -> None:
    def source() -> Iterator[dict[str, Any]]:
        yield from documents(0, 10)
        (tmp_path / "checkpoint").mkdir()
        raise RuntimeError("the source broke")

    with (
        HybridIndex.create(target, schema=LEXICAL, encoder=None) as index,
        pytest.raises(RuntimeError, match="the source broke") as raised,
    ):
        index.add(source(), checkpoint=tmp_path / "checkpoint")
    assert isinstance(raised.value.__cause__, StorageError)


def test_records_read_are_indexed_failed_or_duplicates(target: str, tmp_path: Path) -> None:
    given: list[Any] = list(documents(0, 600))
    given[100:100] = [{"id": "d5", "text": "again"}, {"text": "no id"}, "text", None, 7]
    given += [{"id": "d6", "text": "again", "year": "x"}, {"id": "d7", "text": "last"}]
    told: list[IndexProgress] = []
    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        report = index.add(given, dead_letters=tmp_path / "l.jsonl", progress=told.append)
        assert (report.indexed, report.duplicates, report.failed) == (600, 2, 5)
        assert report.indexed + report.duplicates + report.failed == len(given)
        assert index.count() == 600
        last = index.get("d7")
        assert last is not None
        assert last.fields["text"] == "last"
        again = index.add(documents(0, 10))
        assert (again.indexed, again.replaced) == (10, 10)
    assert told[-1] == IndexProgress(600, 5, 0)
    letters = [json.loads(line) for line in (tmp_path / "l.jsonl").read_text().splitlines()]
    assert [letter["place"] for letter in letters] == ["102", "103", "104", "105", "606"]
    assert [failure.position for failure in report.failures] == [102, 103, 104, 105, 606]
    assert letters[1]["document"] == "text"
    assert report.failures[-1].id == "d6"


def test_the_fields_of_a_document_may_be_any_mapping(target: str) -> None:
    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        given = Document("d1", MappingProxyType({"text": "whales", "year": 1851}))
        assert index.add([given]).indexed == 1
        assert index.get("d1") == Document("d1", {"text": "whales", "year": 1851})


def test_one_document_is_not_taken_for_a_source(target: str) -> None:
    with (
        HybridIndex.create(target, schema=LEXICAL, encoder=None) as index,
        pytest.raises(QueryError, match="put a single document into a list"),
    ):
        index.add({"id": "a", "text": "one"})


def test_a_long_text_is_encoded_in_passages(target: str, tiny: Encoder) -> None:
    text = "whale ship sea " * 10_000 + "needle"
    schema = Schema(text=["text"], dense={"dense": {"embeds": ["text"], "window": 120}})
    with HybridIndex.create(target, schema=schema, encoder=tiny) as index:
        report = index.add([{"id": "long", "text": text}, {"id": "short", "text": "whale"}])
        assert report.indexed == 2
        assert report.passages > 200
        hit = index.search("needle", k=1, retrievers=["lexical"]).hits[0]
        assert hit.id == "long"


def test_a_large_source_takes_no_more_memory_than_a_small_one(target: str) -> None:
    def long_texts(count: int) -> Iterator[dict[str, Any]]:
        for number in range(count):
            yield {"id": str(number), "text": f"{number} " + "x" * 1_000_000}

    def peak(count: int) -> int:
        tracemalloc.start()
        try:
            assert index.add(long_texts(count)).indexed == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    with HybridIndex.create(target, schema=LEXICAL, encoder=None) as index:
        assert peak(100) < peak(40) + 10_000_000


def test_dead_letters_hold_what_json_cannot(tmp_path: Path) -> None:
    path = tmp_path / "made" / "letters.jsonl"
    letters = DeadLetters(path)
    assert letters.close() is None
    assert not path.parent.exists()
    endless: list[Any] = []
    endless.append(endless)
    given = [{"s": {1, 2}}, "\ud800", endless, {"n": float("nan")}, "x" * 3_000_000, {2: 2**80}]
    for position, document in enumerate(given):
        letters.add(str(position), None, "reason \ud800", document)
    assert letters.close() == str(path)
    kept = [json.loads(line) for line in path.read_text().splitlines()]
    assert [letter["place"] for letter in kept] == [str(n) for n in range(len(given))]
    assert kept[0]["document"] == '{"s":"{1, 2}"}'
    assert kept[3]["document"] == '{"n":null}'
    assert len(kept[4]["document"]) == 1_000_001
    letters.add("later", "id", "reason", {})
    letters.close()
    assert len(path.read_text().splitlines()) == len(given) + 1
