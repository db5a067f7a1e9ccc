"""Roll-outs on real servers: nothing that is written meanwhile is lost, and nothing half done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from servers.ask import ask
from tiny_models import build_tiny_mpnet
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.cluster import versions
from hybridsearch.errors import (
    ConfigurationError,
    EncoderMismatchError,
    MappingMismatchError,
    RolloutError,
)
from hybridsearch.wiring.rollout.catching_up import Caught
from hybridsearch.wiring.rollout.older import prune, roll_back
from hybridsearch.wiring.rollout.roll_out import Rolled, roll_out
from hybridsearch.wiring.rollout.wanted import Wanted

SCHEMA = Schema(
    text=["text"],
    metadata={"n": "integer"},
    dense={"dense": {"embeds": ["text"], "dims": 4}},
)
VECTORS = random_units(64, seed=3, dims=4)
SETTINGS = {"replicas": 0, "refresh_interval": "1s"}


def document(number: int, round: int = 0) -> dict[str, Any]:
    text = f"document {number} of round {round}"
    vector = VECTORS[(number + round) % len(VECTORS)]
    return {"id": f"d{number:05d}", "text": text, "n": round, "dense": vector}


def held(index: HybridIndex) -> dict[str, Any]:
    """Every document with its fields and its vector."""
    index.refresh()
    return {
        found.id: (found.fields, found.vectors["dense"].vectors.tolist())
        for found in index.scan(vectors=True)
    }


@pytest.fixture(params=["elasticsearch", "opensearch"])
def target(request: pytest.FixtureRequest, server_url: Callable[[str], str]) -> str:
    address = server_url(request.param).removeprefix("http:")
    return f"{request.param}:{address}/rollout-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def serving(target: str) -> Iterator[HybridIndex]:
    """The first version, behind its alias."""
    first = Wanted(
        documents=[document(n) for n in range(300)],
        schema=SCHEMA,
        encoder="none",
        settings=SETTINGS,
    )
    assert roll_out(target, first).serving.endswith("-000001")
    with HybridIndex.open(target) as index:
        yield index


def test_a_new_version_holds_the_same_and_serves(target: str, serving: HybridIndex) -> None:
    before = held(serving)
    rolled = roll_out(target, Wanted(settings={"m": 8}))
    assert rolled.serving.endswith("-000002")
    assert (rolled.documents, rolled.refused) == (300, 0)
    assert rolled.checked is not None
    assert rolled.checked.overlap > 0.9
    with HybridIndex.open(target) as index:
        assert held(index) == before
        assert index.search("document 7", vector=VECTORS[7]).hits[0].id == "d00007"
        index.add([document(1000)])
        assert index.count() == 301


@pytest.mark.usefixtures("serving")
def test_a_new_version_is_merged_where_that_is_asked(target: str) -> None:
    with HybridIndex.open(target) as index:
        for round in range(4):
            index.add([document(n, round) for n in range(50 * round, 300)])
    rolled = roll_out(target, Wanted(merge=True))
    _, _, address = target.partition(":")
    url = f"http:{address.rpartition('/')[0]}"
    assert len(ask("GET", f"{url}/_cat/segments/{rolled.serving}?format=json")) == 1


@pytest.mark.usefixtures("serving")
def test_nothing_that_a_writer_does_meanwhile_is_lost(target: str) -> None:
    done: dict[str, int] = {}
    gone: set[str] = set()
    stop = threading.Event()

    def write() -> None:
        draw = random.Random(5)
        round = 0
        with HybridIndex.open(target) as index:
            while not stop.is_set():
                round += 1
                numbers = draw.sample(range(400), 20)
                assert index.add([document(n, round) for n in numbers]).failed == 0
                for n in numbers:
                    done[f"d{n:05d}"] = round
                    gone.discard(f"d{n:05d}")
                out = [f"d{n:05d}" for n in draw.sample(range(400), 5)]
                index.delete(out)
                gone.update(out)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        time.sleep(0.5)
        rolled = roll_out(target, Wanted())
        time.sleep(0.5)
    finally:
        stop.set()
        writer.join()
    assert rolled.caught_up > 0
    with HybridIndex.open(target) as index:
        found = {id: fields["n"] for id, (fields, _) in held(index).items()}
    wanted = {f"d{n:05d}": 0 for n in range(300)} | done
    assert found == {id: round for id, round in wanted.items() if id not in gone}


def test_a_new_model_goes_this_way_and_no_other(target: str, tmp_path: Path) -> None:
    models = [
        str(build_tiny_mpnet(tmp_path / f"model{seed}", dims=8, seed=seed)) for seed in (1, 2)
    ]
    schema = Schema(text=["text"])
    documents = [{"id": str(n), "text": f"the words of {n}"} for n in range(30)]
    first = Wanted(documents=documents, schema=schema, encoder=models[0], settings=SETTINGS)
    roll_out(target, first)
    with pytest.raises(EncoderMismatchError):
        HybridIndex.open(target, encoder=models[1])
    with HybridIndex.open(target) as old:
        old_vector = next(old.scan(vectors=True)).vectors["dense"].vectors
        rolled = roll_out(target, Wanted(encoder=models[1]))
        assert rolled.documents == 30
        with pytest.raises(MappingMismatchError, match="not the one that was opened"):
            old.add(documents[:1])
    with HybridIndex.open(target, encoder=models[1]) as new:
        new_vector = next(new.scan(vectors=True)).vectors["dense"].vectors
    assert (old_vector != new_vector).any()


def test_other_documents_take_the_place_of_the_old_ones_and_writes_stay(
    target: str, serving: HybridIndex
) -> None:
    def source() -> Iterator[dict[str, Any]]:
        for n in range(200, 450):
            if n == 300:  # in the middle of the load
                serving.add([document(5000, 9)])
                serving.delete(["d00250"])
            yield document(n, 2)

    rolled = roll_out(target, Wanted(documents=source()))
    with HybridIndex.open(target) as index:
        found = {id: fields["n"] for id, (fields, _) in held(index).items()}
    wanted = {f"d{n:05d}": 2 for n in range(200, 450)} | {"d05000": 9}
    del wanted["d00250"]
    assert found == wanted
    assert rolled.caught_up == 2


def test_a_rollback_serves_the_version_before_and_pruning_deletes_old_ones(
    target: str, serving: HybridIndex
) -> None:
    before = held(serving)
    second = roll_out(target, Wanted(documents=[document(n, 1) for n in range(290)]))
    assert roll_back(target) == (second.before, second.serving)
    with HybridIndex.open(target) as index:
        assert held(index) == before
        index.add([document(0, 3)])
    third = roll_out(target, Wanted())
    fourth = roll_out(target, Wanted())
    assert fourth.before == third.serving
    gone = prune(target, keep=1)
    assert third.serving not in gone
    assert {name[-6:] for name in gone} == {"000001", "000002"}
    assert roll_back(target)[0] == third.serving
    with pytest.raises(RolloutError, match="only version"):
        roll_back(target)


def test_what_is_not_fit_does_not_serve(target: str, serving: HybridIndex) -> None:
    with pytest.raises(RolloutError, match="only 20 documents where 300"):
        roll_out(target, Wanted(documents=[document(n) for n in range(20)]))
    assert serving.count() == 300
    forced = Wanted(documents=[document(n) for n in range(20)], force=True, restart=True)
    assert roll_out(target, forced).documents == 20


def test_an_index_itself_becomes_the_first_version(target: str) -> None:
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=SETTINGS) as index:
        index.add([document(n) for n in range(50)])
        before = held(index)
    with pytest.raises(ConfigurationError, match="--replace-index"):
        roll_out(target, Wanted())
    rolled = roll_out(target, Wanted(replace_index=True))
    assert (rolled.before, rolled.serving) == (
        f"{target.rpartition('/')[2]}-000001",
        f"{target.rpartition('/')[2]}-000002",
    )
    with HybridIndex.open(target) as index:
        assert held(index) == before
    roll_back(target)
    with HybridIndex.open(target) as index:
        assert held(index) == before
        index.add([document(51)])


PROGRAM = """
import sys
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted
print("ready", flush=True)
sys.stdin.readline()
roll_out(sys.argv[1], Wanted(), say=lambda text: print(text, flush=True))
"""


@pytest.mark.usefixtures("serving")
def test_killed_anywhere_the_old_version_serves_and_the_next_run_goes_on(target: str) -> None:
    """Killed at a line of its progress or a random moment after one, ten times."""
    draw = random.Random(11)
    expected = {f"d{n:05d}": 0 for n in range(300)}
    kills = 0
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, target],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        ) as process:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdout.readline()
            process.stdin.write("\n")
            process.stdin.flush()
            time.sleep(draw.uniform(0.0, 0.9))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
        with HybridIndex.open(target) as index:
            assert {id: fields["n"] for id, (fields, _) in held(index).items()} == expected
            assert index.search("document 7", vector=VECTORS[7]).hits
    rolled = roll_out(target, Wanted())
    assert isinstance(rolled, Rolled)
    with HybridIndex.open(target) as index:
        index.add([document(1000, 4)])
        expected["d01000"] = 4
        assert {id: fields["n"] for id, (fields, _) in held(index).items()} == expected
    assert kills >= 5


class EndedError(Exception):
    """Stands for whatever ends a roll-out."""


def ended(*_: Any) -> None:
    raise EndedError


def test_what_came_and_went_around_a_roll_out_that_was_ended_stays_away(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came to the new version, and is in neither view of the next run's."""
    up = Caught.up

    def ended_after(caught: Caught, *entries: Any) -> None:
        up(caught, *entries)
        raise EndedError

    def say(told: str) -> None:
        if told.startswith("loading"):
            serving.add([document(1000, 1)])

    with monkeypatch.context() as patch:
        patch.setattr(Caught, "up", ended_after)
        with pytest.raises(EndedError):
            roll_out(target, Wanted(), say=say)
    serving.delete("d01000")
    before = held(serving)
    roll_out(target, Wanted())
    with HybridIndex.open(target) as index:
        assert held(index) == before


def test_a_roll_out_that_ends_right_after_the_switch_can_be_rolled_back(
    target: str, serving: HybridIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = held(serving)
    point = versions.point

    def point_and_end(*given: Any) -> Any:
        yield from point(*given)
        raise EndedError

    with monkeypatch.context() as patch:
        patch.setattr(versions, "point", point_and_end)
        with pytest.raises(EndedError):
            roll_out(target, Wanted())
    assert [name[-6:] for name in roll_back(target)] == ["000001", "000002"]
    with HybridIndex.open(target) as index:
        assert held(index) == before
        index.add([document(1)])


def test_an_index_itself_gives_way_to_the_next_run_where_the_switch_failed(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=SETTINGS) as index:
        index.add([document(n) for n in range(50)])
        with monkeypatch.context() as patch:
            patch.setattr(versions, "replace_index", ended)
            with pytest.raises(EndedError):
                roll_out(target, Wanted(replace_index=True))
        index.add([document(50)])
        before = held(index)
    roll_out(target, Wanted(replace_index=True))
    roll_back(target)
    with HybridIndex.open(target) as index:
        assert held(index) == before


@pytest.mark.usefixtures("serving")
def test_a_rollback_that_fails_leaves_the_version_that_serves_writable(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    roll_out(target, Wanted())
    with monkeypatch.context() as patch:
        patch.setattr(versions, "point", ended)
        with pytest.raises(EndedError):
            roll_back(target)
    with HybridIndex.open(target, connection={"write_timeout": 5.0}) as index:
        assert index.add([document(1)]).indexed == 1


@pytest.mark.usefixtures("serving")
def test_pruning_keeps_the_version_to_roll_back_to_before_others(target: str) -> None:
    second = roll_out(target, Wanted()).serving
    first, _ = roll_back(target)
    assert roll_out(target, Wanted()).before == first
    assert prune(target, keep=1) == (second,)
    assert roll_back(target)[0] == first


def test_an_alias_of_an_index_of_another_name_is_rolled_out_and_back(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, address = target.split(":", 1)
    url, _, name = f"http:{address}".rpartition("/")
    with HybridIndex.create(
        f"{engine}:{address}_v1", schema=SCHEMA, encoder=None, settings=SETTINGS
    ) as index:
        index.add([document(n) for n in range(50)])
        before = held(index)
    action = {"add": {"index": f"{name}_v1", "alias": name}}
    ask("POST", f"{url}/_aliases", {"actions": [action]})
    with monkeypatch.context() as patch:
        patch.setattr(versions, "point", ended)
        with pytest.raises(EndedError):
            roll_out(target, Wanted())
    rolled = roll_out(target, Wanted())
    assert (rolled.before, rolled.serving) == (f"{name}_v1", f"{name}-000001")
    assert roll_back(target) == (f"{name}_v1", f"{name}-000001")
    assert prune(target, keep=0) == ()
    with HybridIndex.open(target) as index:
        assert held(index) == before
