"""The indexing flow alone, with its calls answered by hand: what is in flight, and what counts."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

import orjson
import pytest

import hybridsearch.indexing.flow
import hybridsearch.indexing.trail
from hybridsearch import Schema
from hybridsearch.engines.calls import Commit, Identified, Identify, Persist, Written
from hybridsearch.errors import CheckpointError, EngineError, StorageError
from hybridsearch.indexing.checkpoint import Checkpoint
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.flight import MOST_WAITING, Send, Settle, Settled
from hybridsearch.indexing.flow import index_documents
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.trail import Trail
from hybridsearch.model.response import IndexReport

RULES = Rules(Schema(text=["text"], dense={}), encodes=False)
Answers = Callable[[Any], Any]
OPENED: list[DeadLetters] = []


class Engine:
    """Answers calls; most: writes at a time; they end in turn, or the youngest first."""

    def __init__(
        self, records: Iterable[Any], most: int = 3, *, youngest_first: bool = False
    ) -> None:
        self._next = -1 if youngest_first else 0
        self.calls: list[Any] = []
        self.in_flight: dict[int, Send] = {}
        self.stored: list[list[str]] = []
        self.identity = "one"
        self._records = iter(records)
        self._most = most

    def answer(self, call: Any) -> Any:
        self.calls.append(call)
        match call:
            case Pull(limit, _):
                return Pulled(list(islice(self._records, limit)))
            case Send():
                ended = self.land(len(self.in_flight) - self._most + 1)
                self.in_flight[call.number] = call
                return ended
            case Settle():
                return self.land(len(self.in_flight))
            case Identify():
                return Identified(self.identity)

    def land(self, count: int) -> list[Settled]:
        """The outcomes of so many of those in flight."""
        ended = []
        for _ in range(max(count, 0)):
            number = list(self.in_flight)[self._next]
            ended.append((number, self.in_flight.pop(number)))
        self.stored += [[d.id for d in send.write.documents] for _, send in ended]
        return [Settled(number, Written(len(s.write.documents), 0)) for number, s in ended]


def run(
    flow: Generator[Any, Any, IndexReport], answer: Answers, until: Callable[[], bool] | None = None
) -> IndexReport | None:
    call = next(flow)
    try:
        while until is None or not until():
            call = flow.send(answer(call))
    except StopIteration as end:
        report: IndexReport = end.value
        return report
    flow.close()
    return None


def documents(ids: Iterable[int]) -> list[dict[str, Any]]:
    return [{"id": f"d{number}", "text": "word"} for number in ids]


@pytest.fixture(autouse=True)
def two_at_a_time(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(hybridsearch.indexing.flow, "BATCH_DOCUMENTS", 2)
    yield
    while OPENED:
        OPENED.pop().close()


def trail_in(folder: Path, checkpoint: Checkpoint | None = None) -> Trail:
    OPENED.append(DeadLetters(folder / "letters.jsonl"))
    return Trail("embedded:there", OPENED[-1], checkpoint)


def test_batches_are_sent_while_others_are_in_flight(tmp_path: Path) -> None:
    engine = Engine(documents(range(12)))
    report = run(index_documents(RULES, trail_in(tmp_path)), engine.answer)
    assert report is not None
    assert report.indexed == 12
    kinds = [type(call).__name__ for call in engine.calls]
    assert kinds[:6] == ["Pull", "Send", "Pull", "Send", "Pull", "Send"]
    assert kinds[-2:] == ["Settle", "Commit"]


def test_an_id_that_is_in_flight_is_not_sent_again_before_it_has_landed(tmp_path: Path) -> None:
    engine = Engine(documents([0, 1, 2, 3, 0, 4]))
    report = run(index_documents(RULES, trail_in(tmp_path)), engine.answer)
    assert report is not None
    sends = [at for at, call in enumerate(engine.calls) if isinstance(call, Send)]
    assert isinstance(engine.calls[sends[2] - 1], Settle)
    assert engine.stored[-1] == ["d0", "d4"]
    assert (report.indexed, report.duplicates) == (5, 1)


def test_an_id_that_has_landed_holds_nothing_up(tmp_path: Path) -> None:
    engine = Engine(documents([0, 1, 2, 3, 4, 5, 4, 6]), most=1)
    run(index_documents(RULES, trail_in(tmp_path)), engine.answer)
    assert sum(isinstance(call, Settle) for call in engine.calls) == 2


def test_what_landed_out_of_order_counts_in_the_order_of_the_source(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    given = documents(range(20))
    given[3] = given[9] = {"id": "bad"}
    checkpoint = Checkpoint(tmp_path / "c")
    engine = Engine(given, youngest_first=True)
    trail = trail_in(tmp_path, checkpoint)
    reached: list[int] = []

    def answer(call: Any) -> Any:
        if isinstance(call, Persist):
            first = min((send.number for send in engine.in_flight.values()), default=99)
            reached.append(trail.counts.read)
            assert trail.counts.read <= 2 * (first - 1), "nothing after what is in flight counts"
        return engine.answer(call)

    report = run(index_documents(RULES, trail), answer)
    assert report is not None
    assert reached == sorted(reached)
    assert (report.indexed, report.failed) == (18, 2)
    assert [failure.position for failure in report.failures] == [4, 10]
    assert not checkpoint.path.exists()


def test_batches_that_wait_for_a_slow_one_are_not_heaped_up(tmp_path: Path) -> None:
    engine = Engine(documents(range(200)), youngest_first=True)
    report = run(index_documents(RULES, trail_in(tmp_path)), engine.answer)
    assert report is not None
    assert report.indexed == 200
    settles = [at for at, call in enumerate(engine.calls) if isinstance(call, Settle)]
    assert len(settles) > 3
    assert all(later - before <= 2 * MOST_WAITING + 1 for before, later in pairwise(settles))


def killed_after(
    folder: Path, persists: int, monkeypatch: pytest.MonkeyPatch, **options: Any
) -> Engine:
    """A run that ended without a word after so many checkpoints."""
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    engine = Engine([{"id": "bad"}, *documents(range(30))])
    trail = trail_in(folder, Checkpoint(folder / "c", **options))
    run(
        index_documents(RULES, trail),
        engine.answer,
        lambda: sum(isinstance(call, Persist) for call in engine.calls) > persists,
    )
    assert (folder / "c").exists()
    return engine


def test_a_run_goes_on_behind_what_the_checkpoint_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after(tmp_path, 8, monkeypatch)
    engine = Engine([{"id": "bad"}, *documents(range(30))])
    checkpoint = Checkpoint(tmp_path / "c")
    flow = index_documents(RULES, trail_in(tmp_path, checkpoint))
    report = run(flow, engine.answer)
    assert report is not None
    assert (report.indexed, report.failed) == (30, 1)
    assert 0 < report.resumed < 31
    assert not report.exact
    sent = [document for batch in engine.stored for document in batch]
    assert len(sent) == 31 - report.resumed
    assert len((tmp_path / "letters.jsonl").read_text().splitlines()) == 1
    assert not checkpoint.path.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"identity": "two"}, r"belongs to another index.*\(one, and now two\).*--restart"),
        ({"source": "b.jsonl: 7 bytes"}, r"another source, or that has changed since \(a.jsonl"),
        ({"given": 5}, "the source has 5 records"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused_unless_all_begins_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any], told: str
) -> None:
    killed_after(tmp_path, 8, monkeypatch, source="a.jsonl: 7 bytes")
    source = change.get("source", "a.jsonl: 7 bytes")
    given = documents(range(change.get("given", 30)))

    def again(**options: Any) -> IndexReport | None:
        engine = Engine(given)
        engine.identity = change.get("identity", "one")
        trail = trail_in(tmp_path, Checkpoint(tmp_path / "c", source=source, **options))
        return run(index_documents(RULES, trail), engine.answer)

    with pytest.raises(CheckpointError, match=told):
        again()
    report = again(restart=True)
    assert report is not None
    assert (report.indexed, report.resumed) == (len(given), 0)


def test_a_checkpoint_that_nobody_asked_for_gives_way(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed_after(tmp_path, 8, monkeypatch, source="a")
    trail = trail_in(tmp_path, Checkpoint(tmp_path / "c", source="b", lenient=True))
    report = run(index_documents(RULES, trail), Engine(documents([1])).answer)
    assert report is not None
    assert (report.indexed, report.resumed) == (1, 0)


def test_a_checkpoint_that_nobody_asked_for_may_lack_a_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    (tmp_path / "taken").write_text("a file")
    place = tmp_path / "taken" / "c"
    given = documents(range(30))

    report = run(
        index_documents(RULES, trail_in(tmp_path, Checkpoint(place, lenient=True))),
        Engine(given).answer,
    )

    assert report is not None
    assert report.indexed == 30
    assert [record.getMessage().count(str(place)) for record in caplog.records] == [1]
    with pytest.raises(StorageError, match="cannot be read or written"):
        run(index_documents(RULES, trail_in(tmp_path, Checkpoint(place))), Engine(given).answer)


def test_a_checkpoint_that_was_not_written_is_not_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    (tmp_path / "c").mkdir()
    trail = trail_in(tmp_path, Checkpoint(tmp_path / "c", lenient=True))

    engine = Engine(documents(range(30)))

    run(index_documents(RULES, trail), engine.answer, lambda: len(engine.stored) > 8)

    assert trail.remains is not None
    assert "documents are stored and stay" in trail.remains
    assert "checkpoint" not in trail.remains


@pytest.mark.parametrize("restart", [False, True])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"id": "the only copy"}'])
def test_a_file_that_is_no_checkpoint_is_refused_and_left(
    tmp_path: Path, content: bytes, restart: bool
) -> None:
    (tmp_path / "c").write_bytes(content)
    trail = trail_in(tmp_path, Checkpoint(tmp_path / "c", restart=restart))
    with pytest.raises(CheckpointError, match=r"is not a checkpoint: .* name another file"):
        run(index_documents(RULES, trail), Engine([]).answer)
    assert (tmp_path / "c").read_bytes() == content


def test_a_checkpoint_of_another_version_is_refused_and_left(tmp_path: Path) -> None:
    (tmp_path / "c").write_bytes(b'{"hybridsearch_checkpoint": 0}')
    trail = trail_in(tmp_path, Checkpoint(tmp_path / "c"))
    with pytest.raises(CheckpointError, match=r"of another version.*--restart"):
        run(index_documents(RULES, trail), Engine([]).answer)
    assert (tmp_path / "c").exists()


def test_an_index_that_is_made_anew_under_a_run_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    engine = Engine(documents(range(30)))

    def answer(call: Any) -> Any:
        if isinstance(call, Send) and call.number == 9:
            engine.identity = "two"
        return engine.answer(call)

    trail = trail_in(tmp_path, Checkpoint(tmp_path / "c"))
    with pytest.raises(EngineError, match="was deleted and made anew while documents came"):
        run(index_documents(RULES, trail), answer)


def test_letters_are_on_the_disk_before_anything_is_called_durable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hybridsearch.indexing.trail, "PERSIST_SECONDS", 0.0)
    engine = Engine([{"id": f"bad{n}"} for n in range(9)])
    kept: list[int] = []

    def answer(call: Any) -> Any:
        if isinstance(call, Persist | Commit):
            kept.append(len((tmp_path / "letters.jsonl").read_text().splitlines()))
        return engine.answer(call)

    run(index_documents(RULES, trail_in(tmp_path)), answer)
    assert kept[-1] == 9
    assert kept == sorted(kept)
    assert kept[0] > 0


def test_letters_come_once_however_often_a_run_is_killed(tmp_path: Path) -> None:
    """A run that goes on finds letters of records that it has not come to yet."""
    path = tmp_path / "letters.jsonl"

    def killed(begin: int, settled: int, *reach: int) -> int:
        """From a record on; what is settled after the first reach, the others come after that."""
        letters = DeadLetters(path)
        OPENED.append(letters)
        letters.go_on(path, settled)
        for end in reach:
            for number in range(begin, end):
                letters.add(str(number), None, "no", {})
            begin, kept = end, letters.sync()
            settled = kept if end == reach[0] else settled
        return settled

    settled = killed(0, 0, 5, 20)
    settled = killed(5, settled, 8)
    settled = killed(8, settled, 12, 30)
    killed(12, settled, 35)
    places = [orjson.loads(line)["place"] for line in path.read_bytes().splitlines()]
    assert places == [str(number) for number in range(35)]
