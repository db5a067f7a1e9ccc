"""Searches that end in an error leave a record, and the caller gets the error as it is."""

from __future__ import annotations

import asyncio
import json
import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridIndex, HybridIndex, Schema, SearchRequest
from hybridsearch.encoding.protocol import Encoder, Vectors
from hybridsearch.errors import FilterError, QueryError, UnknownNameError

SCHEMA = Schema(
    text=["title"], metadata={"year": "integer"}, dense={"dense": {"embeds": ["title"], "dims": 32}}
)


class Failing:
    """An encoder whose queries end as they are told to."""

    def __init__(self, encoder: Encoder, end: Callable[[], Any]) -> None:
        self._encoder = encoder
        self._end = end

    def __getattr__(self, name: str) -> Any:
        return getattr(self._encoder, name)

    def encode_queries(self, texts: Any) -> Vectors:
        self._end()
        return self._encoder.encode_queries(texts)


class Unspeakable:
    """A filter that cannot even be told."""

    def __str__(self) -> str:
        raise RuntimeError("hush")


def refusing() -> None:
    raise ValueError("cannot log in with hush")


@pytest.fixture
def target(tmp_path: Path, tiny: Encoder) -> str:
    target = f"embedded:{tmp_path / 'index'}"
    with HybridIndex.create(target, schema=SCHEMA, encoder=tiny) as index:
        index.add([{"id": "a", "title": "whale", "year": 1851}])
    return target


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "queries.jsonl"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("query", "options", "error", "message"),
    [
        ("  ", {}, QueryError, "the query is empty"),
        ("w\ud800", {}, QueryError, "not valid Unicode"),
        ("whale", {"k": "ten"}, QueryError, "k must be a whole number, not 'ten'"),
        ("whale", {"where": "year >"}, FilterError, "filter: "),
        ("whale", {"fusion": "rff"}, UnknownNameError, "unknown fusion 'rff'"),
        ("whale", {"retrievers": ["lexcal"]}, UnknownNameError, "did you mean 'lexical'"),
    ],
)
def test_a_wrong_query_is_recorded(
    target: str, path: Path, query: str, options: Any, error: type[Exception], message: str
) -> None:
    with (
        HybridIndex.open(target, query_log=path) as index,
        pytest.raises(error) as raised,
    ):
        index.search(query, **options)
    (record,) = lines(path)
    own = record["query_attributes"]
    assert (own["error"], own["error_message"]) == (error.__name__, str(raised.value))
    assert message in own["error_message"]
    assert own["index"] == target
    assert own["took_ms"] > 0
    assert record["query_response_hit_ids"] == []
    assert not own.keys() & {"hits", "hit_count", "best_score", "degraded"}


def test_an_error_of_a_batch_fails_every_search_of_it(
    target: str, path: Path, tiny: Encoder
) -> None:
    requests: list[str | SearchRequest] = [
        "whale",
        SearchRequest("sea", k=0, client_id="c1"),
        "ship",
    ]
    with HybridIndex.open(target, encoder=tiny, query_log=path) as index:
        with pytest.raises(QueryError):
            index.search_many(requests)
        index.search("whale")
    *failed, answered = lines(path)
    assert [record["user_query"] for record in failed] == ["whale", "sea", "ship"]
    assert [record.get("client_id") for record in failed] == [None, "c1", None]
    assert {record["query_attributes"]["error"] for record in failed} == {"QueryError"}
    assert {record["query_attributes"]["batch"] for record in failed} == {3}
    assert len({record["query_id"] for record in failed}) == 3
    assert answered["query_response_hit_ids"] == ["a"]
    assert "error" not in answered["query_attributes"]


def test_an_error_of_others_is_recorded_by_its_class_alone(
    target: str, path: Path, tiny: Encoder
) -> None:
    encoder: Any = Failing(tiny, refusing)
    with (
        HybridIndex.open(target, encoder=encoder, query_log=path) as index,
        pytest.raises(ValueError, match="cannot log in with hush"),
    ):
        index.search("whale")
    (record,) = lines(path)
    assert record["query_attributes"]["error"] == "ValueError"
    assert "hush" not in str(record)


def test_the_asynchronous_index_records_failures_too(
    target: str, path: Path, tiny: Encoder
) -> None:
    encoder: Any = Failing(tiny, refusing)

    async def ask() -> None:
        async with await AsyncHybridIndex.open(target, encoder=encoder, query_log=path) as index:
            with pytest.raises(QueryError):
                await index.search("")
            with pytest.raises(ValueError, match="hush"):
                await index.search_many(["whale", "sea"])

    asyncio.run(ask())
    errors = [record["query_attributes"]["error"] for record in lines(path)]
    assert errors == ["QueryError", "ValueError", "ValueError"]


@pytest.mark.parametrize("times_out", [False, True])
def test_a_search_that_is_cancelled_leaves_no_record(
    target: str, path: Path, tiny: Encoder, *, times_out: bool
) -> None:
    begun, go = threading.Event(), threading.Event()

    def stuck() -> None:
        begun.set()
        go.wait(60)

    encoder: Any = Failing(tiny, stuck)

    async def ask() -> None:
        async with await AsyncHybridIndex.open(target, encoder=encoder, query_log=path) as index:
            if times_out:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(index.search("whale"), 0.1)
            else:
                search = asyncio.create_task(index.search("whale"))
                await asyncio.to_thread(begun.wait, 60)
                search.cancel()
                with pytest.raises(asyncio.CancelledError):
                    await search
            go.set()
            with pytest.raises(QueryError):
                await index.search("")

    asyncio.run(ask())
    assert [record["query_attributes"]["error"] for record in lines(path)] == ["QueryError"]


def test_a_record_that_cannot_be_made_changes_no_error(
    target: str, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    wrong: Any = Unspeakable()
    with HybridIndex.open(target, query_log=path) as index:
        assert index.query_log is not None
        with caplog.at_level(logging.WARNING), pytest.raises(QueryError, match="at least 1"):
            index.search("whale", k=0, where=wrong)
        with pytest.raises(QueryError, match="the query is empty"):
            index.search("")
        index.query_log.close()
        with pytest.raises(QueryError, match="the query is empty"):
            index.search("")
        assert (index.query_log.written, index.query_log.dropped) == (1, 2)
    assert caplog.text.count("one cannot be made (RuntimeError)") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_log_that_cannot_be_written_changes_no_error(
    target: str, caplog: pytest.LogCaptureFixture
) -> None:
    with HybridIndex.open(target, query_log="/dev/full") as index:
        for _ in range(2):
            with pytest.raises(QueryError, match="the query is empty"):
                index.search("")
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (0, 2)
    assert caplog.text.count("No space left on device") == 1


def test_a_call_that_makes_no_search_leaves_no_record(target: str, path: Path) -> None:
    with HybridIndex.open(target, query_log=path) as index:
        with pytest.raises(UnknownNameError, match="unknown search option"):
            index.search("whale", sort="year")  # type: ignore[call-arg]
        with pytest.raises(QueryError, match="takes an iterable of queries"):
            index.search_many("whale")
    assert lines(path) == []
