"""Roll-outs on real servers: nothing that is written meanwhile is lost, and nothing half done."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rolled_out import SCHEMA, SETTINGS, VECTORS, document, held
from servers.ask import ask
from tiny_models import build_tiny_mpnet

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import (
    ConfigurationError,
    EncoderMismatchError,
    MappingMismatchError,
    RolloutError,
)
from hybridsearch.wiring.rollout.older import prune, roll_back
from hybridsearch.wiring.rollout.roll_out import Rolled, roll_out
from hybridsearch.wiring.rollout.wanted import Wanted


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


@pytest.mark.usefixtures("serving")
def test_what_was_begun_otherwise_is_not_taken_for_what_is_wanted_now(target: str) -> None:
    few = [document(n) for n in range(20)]
    with pytest.raises(RolloutError, match="only 20 documents"):
        roll_out(target, Wanted(documents=few, settings={"m": 6}))
    schema = SCHEMA.model_copy(update={"unknown_fields": "reject"})

    with pytest.raises(RolloutError, match=r"-000002 with other schema and settings.*--restart"):
        roll_out(target, Wanted(documents=few, schema=schema, settings={"m": "9"}, force=True))

    again = Wanted(documents=few, settings={"m": "6"}, force=True)
    assert roll_out(target, again).serving.endswith("-000002")


def test_a_first_version_that_was_begun_otherwise_is_not_gone_on_with(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where the documents are set aside
    wrong = Schema(text=["text"], metadata={"n": "keyword"}, dense=SCHEMA.dense)
    documents = [{**document(1), "n": [[]]}]
    with pytest.raises(RolloutError, match="set aside"):
        roll_out(target, Wanted(documents=documents, schema=wrong, encoder="none"))

    right = Wanted(documents=[document(1)], schema=SCHEMA, encoder="none", settings=SETTINGS)
    with pytest.raises(RolloutError, match="-000001 with other schema and settings"):
        roll_out(target, right)

    assert roll_out(target, replace(right, restart=True)).documents == 1


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
