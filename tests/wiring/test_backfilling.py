"""Documents that lack vectors get them, and nothing else changes, on real servers."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from backfilled import TEXT, documents
from foreign_indices import (
    Foreign,
    assert_same_ledgers,
    vector_field,
)

from hybridsearch import HybridIndex, Schema, SearchRequest
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.reading_calls import GetDigests
from hybridsearch.errors import ConfigurationError
from hybridsearch.wiring import backfilling
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.adoption.wanted import Wanted
from hybridsearch.wiring.backfilling import backfill


def versions(foreign: Foreign) -> dict[str, int]:
    """How often each document was written."""
    foreign.ask("POST", "/_refresh")
    body = {"size": 1000, "version": True, "_source": False}
    hits = foreign.ask("POST", "/_search", body)["hits"]["hits"]
    return {hit["_id"]: hit["_version"] for hit in hits}


def assert_vectors_are_of_the_text(target: str, encoder: Encoder) -> None:
    with HybridIndex.open(target) as index:
        index.refresh()
        for document in index.scan(vectors=True):
            (passages,) = document.vectors.values()
            text = document.fields["text"]
            cut = [text[start:end] for start, end in passages.spans.tolist()]
            assert cut, document.id
            made = encoder.encode_documents(cut)
            assert np.allclose(passages.vectors, made, atol=1e-4), document.id


def test_an_index_without_vectors_is_then_searched_as_one_that_was_made_with_them(
    foreign: Foreign, encoder: str, tmp_path: Path
) -> None:
    foreign.make(TEXT)
    foreign.fill(documents(60))
    adopted = adopt(foreign.target, Wanted(encoder=encoder, settings={"vector_index": "hnsw"}))
    assert adopted.added == "dense"
    before = {id: foreign.source(id) for id in ("d000", "d001")}
    told: list[tuple[int, int]] = []
    report = backfill(foreign.target, progress=lambda done, total: told.append((done, total)))
    assert (report.filled, report.without_text, report.changed, report.failed) == (60, 0, 0, 0)
    assert report.passages > 60
    assert told[-1] == (60, 60)
    for id, source in before.items():
        after = foreign.source(id)
        assert after.pop("dense")
        assert after.pop("_digests")["document"] is None
        assert after == source
    like = Schema(text=["text"], metadata={"n": "integer"})
    with (
        HybridIndex.create(f"embedded:{tmp_path / 'like'}", schema=like, encoder=encoder) as made,
        HybridIndex.open(foreign.target) as index,
    ):
        made.add({"id": d["_id"], "text": d["text"], "n": d["n"]} for d in documents(60))
        # Lucene's BM25 counts what was replaced until it is merged away, and so is not compared.
        asked = [
            SearchRequest(f"{word} document {n}", retrievers=("dense",), explain=True, passages=2)
            for n, word in enumerate(("dense", "round", "vectors of the text"))
        ]
        assert_same_ledgers(made, index, asked)
        assert made.info().passages == index.info().passages
        # What was encoded for it is known again.
        again = index.add({"id": d["_id"], "text": d["text"], "n": 1} for d in documents(60))
        assert (again.replaced, again.reused) == (60, 60)
        (first, *_) = documents(60)
        synced = index.sync([{"id": first["_id"], "text": first["text"], "n": 1}], most_deleted=1)
        assert (synced.unchanged, synced.changed, synced.deleted) == (1, 0, 59)
    assert backfill(foreign.target).filled == 0


def test_documents_without_text_are_counted_and_passed_over(foreign: Foreign, encoder: str) -> None:
    foreign.make(TEXT)
    empty = [{"_id": f"e{n}", **({"text": "  "} if n % 2 else {"n": 1})} for n in range(300)]
    foreign.fill([*documents(20), *empty])
    adopt(foreign.target, Wanted(encoder=encoder))
    report = backfill(foreign.target)
    assert (report.filled, report.without_text) == (20, 300)
    assert backfill(foreign.target).without_text == 300


def test_documents_of_several_shards_and_routings_are_all_found(
    foreign: Foreign, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where pages are smaller than the number of shards, which all begin to count at 0."""
    foreign.make(TEXT, number_of_shards=5)
    foreign.fill(documents(50))
    for number in range(10):
        path = f"/_doc/r{number}?routing=there{number}&refresh=true"
        foreign.ask("PUT", path, {"text": f"routed {number}"})
    adopt(foreign.target, Wanted(encoder=encoder))
    monkeypatch.setattr(backfilling, "_AT_ONCE", 3)
    assert backfill(foreign.target).filled == 60
    assert set(versions(foreign).values()) == {2}


def test_a_field_of_one_vector_gets_one(foreign: Foreign, tiny: Encoder, encoder: str) -> None:
    field = vector_field(foreign.product, "cosine")
    field["dims" if foreign.product == "elasticsearch" else "dimension"] = tiny.dims
    other = vector_field(foreign.product, "cosine")
    foreign.make({"text": {"type": "text"}, "meta": {"properties": {"v": field}}, "other": other})
    given = documents(30)
    made = tiny.encode_documents([d["text"] for d in given[1:9]])
    full = [
        {"_id": d["_id"], "text": d["text"], "meta": {"v": v.tolist(), "kept": 1}}
        for d, v in zip(given[1:9], made, strict=True)
    ]
    lacking = [{**d, "meta": {"kept": 2}, "other": [0.5] * 8} for d in (given[0], *given[9:])]
    foreign.fill([*full, *lacking])
    adopt(foreign.target, Wanted(vectors=["meta.v"], encoder=encoder))
    before = foreign.source("d003")
    assert backfill(foreign.target).filled == 22
    assert foreign.source("d003") == before
    there = foreign.source("d010")
    assert there["meta"]["kept"] == 2
    assert there["other"] == pytest.approx([0.5] * 8)
    (vector,) = tiny.encode_documents([there["text"]])
    assert there["meta"]["v"] == pytest.approx(vector.tolist(), abs=1e-4)
    assert np.linalg.norm(foreign.source("d000")["meta"]["v"]) == pytest.approx(1.0, abs=1e-4)


PROGRAM = """
import sys
from hybridsearch.wiring.backfilling import backfill
backfill(sys.argv[1], rate=float(sys.argv[2]), progress=lambda *done: print(*done, flush=True))
"""


@pytest.mark.slow
def test_killed_midway_it_goes_on_and_does_nothing_twice(
    foreign: Foreign, encoder: str, tiny: Encoder
) -> None:
    foreign.make(TEXT)
    foreign.fill(documents(80))
    adopt(foreign.target, Wanted(encoder=encoder))
    draw = random.Random(4)
    kills = 0
    for _ in range(3):
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, foreign.target, "9"],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONWARNINGS": "error"},
        ) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(draw.uniform(0, 1.2))
            process.send_signal(signal.SIGKILL)
            kills += process.wait() == -signal.SIGKILL
    assert kills == 3
    done = sum(written == 2 for written in versions(foreign).values())
    assert 27 <= done < 80
    assert backfill(foreign.target).filled == 80 - done
    assert set(versions(foreign).values()) == {2}
    assert_vectors_are_of_the_text(foreign.target, tiny)


def test_it_ends_although_others_write_faster_than_it_fills(
    foreign: Foreign, encoder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backfilling, "_AT_ONCE", 4)
    foreign.make(TEXT)
    foreign.fill(documents(8))
    adopt(foreign.target, Wanted(encoder=encoder))
    rounds = 0

    def others_write(_: int, __: int) -> None:
        """As many as got vectors, at once, and seen by searches."""
        nonlocal rounds
        rounds += 1
        assert rounds < 100, "it goes on for as long as others write"
        foreign.fill([{**one, "_id": f"{one['_id']}-{rounds}"} for one in documents(4)])

    report = backfill(foreign.target, progress=others_write)
    assert report.behind
    assert report.filled == 4 * rounds
    report = backfill(foreign.target)
    assert (report.filled, report.behind) == (8, False)


@pytest.mark.slow
def test_what_others_write_meanwhile_is_never_lost_and_never_has_the_vector_of_an_older_text(
    foreign: Foreign, encoder: str, tiny: Encoder
) -> None:
    foreign.make(TEXT)
    foreign.fill(documents(80))
    adopt(foreign.target, Wanted(encoder=encoder))
    stop = threading.Event()
    written: dict[str, dict[str, Any]] = {}

    def write() -> None:
        draw = random.Random(8)
        round = 0
        while not stop.wait(0.01):
            round += 1
            number = draw.randrange(80)
            document = documents(80, round)[number]
            id = document.pop("_id")
            if round % 2:
                foreign.ask("PUT", f"/_doc/{id}", document)
                written[id] = document
            else:
                foreign.ask("POST", f"/_update/{id}?retry_on_conflict=50", {"doc": {"n": -round}})
                written[id] = {**written.get(id, documents(80)[number]), "n": -round}

    writer = threading.Thread(target=write)
    writer.start()
    try:
        first = backfill(foreign.target, rate=60)
    finally:
        stop.set()
        writer.join()
    assert first.filled >= 60
    backfill(foreign.target)
    assert backfill(foreign.target).filled == 0
    assert written
    for id, document in written.items():
        there = foreign.source(id)
        assert (there["text"], there["n"]) == (document["text"], document["n"])
    assert_vectors_are_of_the_text(foreign.target, tiny)


def test_an_index_made_here_for_text_alone_gets_vectors_and_knows_its_texts_again(
    foreign: Foreign, encoder: str, tiny: Encoder
) -> None:
    schema = Schema(text=["text"], metadata={"n": "integer"}, dense={})
    given = [{"id": d["_id"], "text": d["text"], "n": 0} for d in documents(30)]
    with HybridIndex.create(
        foreign.target, schema=schema, encoder=None, settings={"replicas": 0}
    ) as index:
        index.add(given)
        (digests,) = index._performer.perform([GetDigests(("d003",))])
    with pytest.raises(ConfigurationError, match="by which encoder"):
        backfill(foreign.target)
    assert backfill(foreign.target, encoder=encoder).filled == 30
    assert_vectors_are_of_the_text(foreign.target, tiny)
    with HybridIndex.open(foreign.target) as index:
        assert index.schema.dense["dense"].embeds == ("text",)
        (after,) = index._performer.perform([GetDigests(("d003",))])
        assert after.digests["d003"].document == digests.digests["d003"].document
        report = index.add([{**document, "n": 1} for document in given])
        assert (report.replaced, report.reused) == (30, 30)
        best = index.search(given[4]["text"], retrievers=["dense"]).hits[0]
        assert best.id == "d004"


def test_documents_that_others_wrote_into_an_index_made_here_get_theirs(
    foreign: Foreign, encoder: str, tiny: Encoder
) -> None:
    schema = Schema(text=["text"], metadata={"n": "integer"})
    with HybridIndex.create(
        foreign.target, schema=schema, encoder=encoder, settings={"replicas": 0}
    ) as index:
        index.add([{"id": "mine", "text": "made with vectors", "n": 1}])
    foreign.fill({"id": d["_id"], **d} for d in documents(10))
    report = backfill(foreign.target)
    assert report.filled == 10
    assert versions(foreign)["mine"] == 1
    assert_vectors_are_of_the_text(foreign.target, tiny)


def test_a_rate_is_kept(foreign: Foreign, encoder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock:
        now = 0.0

        def monotonic(self) -> float:
            return self.now

        def sleep(self, seconds: float) -> None:
            self.now += seconds

    clock = Clock()
    monkeypatch.setattr(backfilling, "time", clock)
    foreign.make(TEXT)
    foreign.fill(documents(40))
    adopt(foreign.target, Wanted(encoder=encoder))
    moments: list[tuple[float, int]] = []
    report = backfill(
        foreign.target, rate=8, progress=lambda done, _: moments.append((clock.now, done))
    )
    assert report.seconds == pytest.approx(5.0)
    assert all(done <= 8 * (now + 1) for now, done in moments)
