"""The query log beside searches: written off their path, bounded, dropped with a count."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import AsyncHybridIndex, HybridIndex, Schema, SearchRequest
from hybridsearch.errors import ConfigurationError
from hybridsearch.model.target import Target
from hybridsearch.wiring.query_log.log import QueryLog
from hybridsearch.wiring.query_log.setting import query_log_for

SCHEMA = Schema(text=["title"], dense={})
DOCUMENTS = [{"id": "a", "title": "moby dick whale"}, {"id": "b", "title": "whale"}]


@pytest.fixture
def target(tmp_path: Path) -> str:
    target = f"embedded:{tmp_path / 'index'}"
    with HybridIndex.create(target, schema=SCHEMA, encoder=None) as index:
        index.add(DOCUMENTS)
    return target


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


class Stuck:
    """A sink that takes nothing until it is let go, and tells what it was given."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.taken: list[Any] = []

    def write(self, records: Sequence[Any]) -> int:
        self.go.wait(60)
        self.taken.extend(records)
        return 0

    def close(self) -> None:
        pass


def test_every_search_leaves_a_line(target: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    with HybridIndex.open(target, query_log=path) as index:
        given = index.search("whale", client_id="c1", query_id="mine")
        index.search_many(["dick", SearchRequest("nothing", application="shop")], k=1)
    first, second, third = lines(path)
    assert (given.query_id, first["query_id"], first["client_id"]) == ("mine", "mine", "c1")
    assert first["query_response_hit_ids"] == [hit.id for hit in given.hits] == ["b", "a"]
    assert first["query_attributes"]["batch"] == 1
    assert (second["user_query"], second["query_response_hit_ids"]) == ("dick", ["a"])
    assert (third["user_query"], third["application"]) == ("nothing", "shop")
    assert third["query_response_hit_ids"] == []
    assert third["query_attributes"]["batch"] == 2
    assert len({record["query_id"] for record in (first, second, third)}) == 3
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (3, 0)


def test_the_asynchronous_index_logs_the_same(target: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"

    async def ask() -> str | None:
        async with await AsyncHybridIndex.open(target, query_log=path) as index:
            return (await index.search("whale")).query_id

    query_id = asyncio.run(ask())
    (record,) = lines(path)
    assert record["query_id"] == query_id is not None
    assert record["query_response_hit_ids"] == ["b", "a"]


def test_without_a_log_nothing_is_written_and_no_id_is_given(target: str, tmp_path: Path) -> None:
    before = sorted(tmp_path.iterdir())
    with HybridIndex.open(target) as index:
        assert index.search("whale").query_id is None
        assert index.search("whale", query_id="mine").query_id == "mine"
        assert index.query_log is None
    assert sorted(tmp_path.iterdir()) == before


def test_the_environment_names_the_log_and_an_argument_turns_it_off(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "queries.jsonl"
    monkeypatch.setenv("HYBRIDSEARCH_QUERY_LOG", str(path))
    with HybridIndex.open(target, query_log=False) as index:
        index.search("whale")
    assert not path.exists()
    with HybridIndex.open(target) as index:
        index.search("whale")
    assert len(lines(path)) == 1


@pytest.mark.parametrize("wrong", ["embedded:log", "folder/that/is/not/there.jsonl", True, 7])
def test_a_log_that_cannot_be_is_told_when_the_index_is_opened(
    target: str, wrong: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigurationError, match=r"cannot be written|does not say where to"):
        HybridIndex.open(target, query_log=wrong)
    HybridIndex.open(target).close()


def test_an_index_is_not_the_log_of_its_own_searches() -> None:
    books = "elasticsearch://localhost:9200/books"
    with pytest.raises(ConfigurationError, match="is the index that is searched"):
        query_log_for(books, Target.parse(books), None)


def test_a_log_that_keeps_up_with_nothing_drops_and_never_delays(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = Stuck()
    log = QueryLog(sink, capacity=10, batch=4, every=0)
    log.put({"n": -1})
    time.sleep(0.1)  # the thread has taken it, and is stuck
    with caplog.at_level(logging.WARNING):
        for n in range(25):
            log.put({"n": n})
    assert (log.written, log.dropped) == (0, 15)
    assert [record.name for record in caplog.records] == ["hybridsearch.query_log"]
    assert "it cannot keep up" in caplog.text
    sink.go.set()
    log.close()
    assert [record["n"] for record in sink.taken] == list(range(-1, 10))
    assert (log.written, log.dropped) == (11, 15)


def test_closing_ends_in_time_and_counts_what_is_left(caplog: pytest.LogCaptureFixture) -> None:
    sink = Stuck()
    log = QueryLog(sink, batch=1, every=0)
    for n in range(5):
        log.put({"n": n})
    log.close(timeout=0.2)  # the sink goes on later only: whoever waited for it would wait for ever
    assert log.dropped == 5  # also what is with the thread still
    log.put({"n": 5})
    assert log.dropped == 6
    assert len(caplog.records) == 1
    sink.go.set()
    assert log.written == 0


def test_the_only_record_of_a_log_that_does_not_answer_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sink = Stuck()
    log = QueryLog(sink, every=0)
    log.put({"n": 0})
    time.sleep(0.1)  # the thread has taken it, and is stuck
    log.close(timeout=0.1)
    assert log.dropped == 1
    assert "are dropped" in caplog.text
    sink.go.set()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_full_disk_costs_records_and_no_search(
    target: str, caplog: pytest.LogCaptureFixture
) -> None:
    with HybridIndex.open(target, query_log="/dev/full") as index:
        for _ in range(3):
            assert index.search("whale").hits
    assert index.query_log is not None
    assert (index.query_log.written, index.query_log.dropped) == (0, 3)
    assert caplog.text.count("No space left on device") == 1


def test_a_log_that_was_moved_away_is_begun_anew(target: str, tmp_path: Path) -> None:
    path, moved = tmp_path / "queries.jsonl", tmp_path / "queries.1.jsonl"
    with HybridIndex.open(target, query_log=path) as index:
        index.search("whale")
        assert index.query_log is not None
        end = time.monotonic() + 20
        while not index.query_log.written and time.monotonic() < end:
            time.sleep(0.02)
        path.rename(moved)
        index.search("dick")
    assert [record["user_query"] for record in lines(moved)] == ["whale"]
    assert [record["user_query"] for record in lines(path)] == ["dick"]


def test_threads_and_processes_share_a_file_line_by_line(target: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    code = (
        "import sys, threading; from hybridsearch import HybridIndex\n"
        "index = HybridIndex.open(sys.argv[1], query_log=sys.argv[2])\n"
        "ask = lambda: [index.search('whale') for _ in range(50)]\n"
        "threads = [threading.Thread(target=ask) for _ in range(3)]\n"
        "[thread.start() for thread in threads]; [thread.join() for thread in threads]\n"
    )  # it ends without closing the index
    processes = [
        subprocess.Popen([sys.executable, "-c", code, target, str(path)]) for _ in range(2)
    ]
    assert [process.wait(120) for process in processes] == [0, 0]
    assert len({record["query_response_id"] for record in lines(path)}) == 2 * 3 * 50


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
def test_a_forked_process_logs_by_a_thread_of_its_own(target: str, tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    code = (
        "import os, sys; from hybridsearch import HybridIndex\n"
        "index = HybridIndex.open(sys.argv[1], query_log=sys.argv[2])\n"
        "index.search('whale')\n"
        "import time; time.sleep(1.5)\n"
        "child = os.fork()\n"
        "index.search('dick')\n"
        "index.query_log.close()\n"
        "os._exit(0) if not child else sys.exit(os.waitpid(child, 0)[1])\n"
    )
    done = subprocess.run([sys.executable, "-c", code, target, str(path)], check=False, timeout=60)
    assert done.returncode == 0
    assert sorted(record["user_query"] for record in lines(path)) == ["dick", "dick", "whale"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks here")
@pytest.mark.parametrize("seconds", [0.0, 0.3])
def test_a_fork_right_after_a_search_holds_up_nothing_and_writes_no_record_twice(
    tmp_path: Path, seconds: float
) -> None:
    """The thread may have the log locked then, or a record that waits for others."""
    path = tmp_path / "queries.jsonl"
    code = (
        "import os, signal, sys, time\n"
        "from pathlib import Path\n"
        "from hybridsearch.wiring.query_log.log import QueryLog\n"
        "from hybridsearch.wiring.query_log.sinks import JsonLines\n"
        "log = QueryLog(JsonLines(Path(sys.argv[1])))\n"
        "log.put({'n': 1})\n"
        "time.sleep(float(sys.argv[2]))\n"
        "child = os.fork()\n"
        "if not child: signal.alarm(20)\n"
        "log.put({'n': 2 if child else 3})\n"
        "log.close()\n"
        "os._exit(log.dropped) if not child else sys.exit(os.waitpid(child, 0)[1])\n"
    )
    arguments = [sys.executable, "-W", "ignore", "-c", code, str(path), str(seconds)]
    assert subprocess.run(arguments, check=False, timeout=60).returncode == 0
    assert sorted(record["n"] for record in lines(path)) == [1, 2, 3]


def test_a_line_that_another_process_left_cut_off_takes_no_record_along(
    target: str, tmp_path: Path
) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(b'{"timestamp":"20')
    with HybridIndex.open(target, query_log=path) as index:
        index.search("whale")
    cut, whole = path.read_bytes().splitlines()
    assert cut == b'{"timestamp":"20'
    assert json.loads(whole)["user_query"] == "whale"
