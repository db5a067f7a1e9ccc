"""Copies between engines in every direction: bit for bit the same, and the same ledgers."""

from __future__ import annotations

import random
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl
from vectors import random_units

from hybridsearch import Document, HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import ConfigurationError, EngineError, IndexNotFoundError
from hybridsearch.wiring.copying import copy_index

DIMS = 16
SCHEMA = Schema(
    text={"title": {"analyzer": "english", "weight": 2.0}, "body": {}},
    metadata={"lang": "keyword", "year": "integer", "seen": "date"},
    dense={"dense": {"embeds": ["title", "body"], "dims": DIMS}},
)
EXACT = {"vector_index": "flat", "replicas": 0}
NewTarget = Callable[[str], str]


@pytest.fixture
def new_target(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[NewTarget]:
    """`new_target("opensearch")` is a place for a new index on that engine."""
    made: list[str] = []

    def place(engine: str) -> str:
        name = f"copies-{uuid.uuid4().hex}"
        if engine == "embedded":
            return f"embedded:{tmp_path / name}"
        server_url: ServerUrl = request.getfixturevalue("server_url")
        url = server_url(engine)
        made.append(f"{url}/{name}")
        return f"{engine.partition('-')[0]}:{url.removeprefix('http:')}/{name}"

    yield place
    for url in made:
        with suppress(RefusedError):
            ask("DELETE", url)


def made(target: str, count: int = 300, **options: Any) -> HybridIndex:
    """An index with documents of every kind."""
    settings = {} if target.startswith("embedded:") else EXACT
    index = HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings, **options)
    vectors = random_units(count * 3, dims=DIMS, seed=4)
    index.add(document(number, vectors[3 * number :]) for number in range(count))
    return index


def document(number: int, vectors: Any) -> dict[str, Any]:
    given: dict[str, Any] = {
        "id": f"é{number:05d}",
        "title": f"the whales of t{number % 17}",
        "body": ["a sea", f"and a ship {number}"],
        "lang": "en",
        "year": str(1900 + number % 90),
        "seen": "2024-02-29T12:00:00+01:00",
        "extra": {"kept": [number, None]},
        "dense": vectors[: 1 + number % 3],
    }
    if number % 10 == 0:
        del given["lang"], given["seen"]
    return given


def content(target: str) -> dict[str, tuple[Any, ...]]:
    """All that an index holds, to be compared exactly."""
    with HybridIndex.open(target) as index:
        return {d.id: held(d) for d in index.scan(vectors=True)}


def held(document: Document) -> tuple[Any, ...]:
    passages = document.vectors["dense"]
    return document.fields, passages.spans.tobytes(), passages.vectors.tobytes()


def ledgers(target: str) -> list[Any]:
    """What a few searches answer, score by score."""
    queries = random_units(3, dims=DIMS, seed=9)
    asked: list[dict[str, Any]] = [
        {"query": "whales t3", "vector": queries[0]},
        {"query": "ship", "vector": queries[1], "where": "year < 1950 and lang == 'en'"},
        {"query": None, "vector": queries[2], "passages": 3},
    ]
    answers = []
    with HybridIndex.open(target) as index:
        for options in asked:
            hits = index.search(options.pop("query"), k=20, explain=True, **options).hits
            answers.append(
                [
                    (
                        hit.id,
                        hit.fields,
                        {
                            name: (entry.rank, pytest.approx(entry.score, abs=2e-6))
                            for name, entry in hit.ledger.items()
                        },
                        [passage.text for passage in hit.passages],
                    )
                    for hit in hits
                ]
            )
    return answers


@pytest.mark.parametrize(
    ("origin", "copy"),
    [
        ("embedded", "elasticsearch"),
        ("embedded", "opensearch"),
        ("elasticsearch", "embedded"),
        ("elasticsearch", "opensearch"),
        ("elasticsearch", "elasticsearch-8"),
        ("elasticsearch-8", "opensearch-2"),
        ("opensearch", "elasticsearch"),
        ("opensearch", "embedded"),
        ("opensearch-2", "elasticsearch"),
        ("embedded", "embedded"),
    ],
)
def test_a_copy_is_the_same_on_every_engine(new_target: NewTarget, origin: str, copy: str) -> None:
    source, target = new_target(origin), new_target(copy)
    with made(source) as index:
        passages = index.info().passages["dense"]
    told: list[tuple[int, int]] = []
    settings = EXACT if origin == "embedded" and copy != "embedded" else None
    report = copy_index(source, target, settings=settings, progress=lambda *t: told.append(t))
    assert (report.documents, report.copied, report.failed) == (300, 300, 0)
    assert report.passages == passages
    assert told[0] == (0, 300)
    assert told[-1] == (300, 300)
    assert content(target) == content(source)
    assert ledgers(target) == ledgers(source)
    again = copy_index(source, target)
    assert (again.documents, again.copied) == (300, 0)


def test_what_was_encoded_is_not_encoded_again_and_the_encoder_stays_known(
    tmp_path: Path, tiny_model: Path, tiny: Encoder
) -> None:
    source, target = f"embedded:{tmp_path / 'a'}", f"embedded:{tmp_path / 'b'}"
    schema = Schema(
        text=["body"], dense={"dense": {"embeds": ["body"], "window": 16, "overlap": 4}}
    )
    setting = f"transformers:{tiny_model}"
    with HybridIndex.create(source, schema=schema, encoder=setting) as index:
        index.add({"id": str(n), "body": f"whale {n} and the sea. " * n} for n in range(1, 20))
        hits = index.search("whale", k=5).hits
    report = copy_index(source, target)
    assert (report.copied, report.failed) == (19, 0)
    assert content(target) == content(source)
    with HybridIndex.open(target) as copy:
        assert copy.info().encoder == setting
        assert [(h.id, h.score) for h in copy.search("whale", k=5).hits] == [
            (h.id, h.score) for h in hits
        ]
    with HybridIndex.open(target, encoder=tiny) as copy:
        assert copy.count() == 19


@pytest.mark.parametrize("origin", ["elasticsearch", "opensearch"])
def test_settings_go_along_where_others_are_not_given(new_target: NewTarget, origin: str) -> None:
    other = "opensearch" if origin == "elasticsearch" else "elasticsearch"
    source, target, embedded = new_target(origin), new_target(other), new_target("embedded")
    settings = {**EXACT, "shards": 3, "effort": 4.0}
    HybridIndex.create(source, schema=SCHEMA, encoder=None, settings=settings).close()
    copy_index(source, target, settings={"shards": 2})
    engine, _, place = target.partition(":")
    url, _, name = place.rpartition("/")
    assert engine == other
    found = ask("GET", f"http:{url}/{name}")[name]
    assert found["settings"]["index"]["number_of_shards"] == "2"
    kept = found["mappings"]["_meta"]["hybridsearch"]["settings"]
    assert (kept["effort"], kept["vector_index"], kept["replicas"]) == (4.0, "flat", 0)
    copy_index(source, embedded)  # which has no settings
    with HybridIndex.open(embedded) as index:
        assert index.schema == SCHEMA


def test_settings_that_the_other_product_lacks_are_named(new_target: NewTarget) -> None:
    source, target = new_target("elasticsearch"), new_target("opensearch")
    settings = {"vector_index": "int8_hnsw", "exact_scores": True, "replicas": 0}
    HybridIndex.create(source, schema=SCHEMA, encoder=None, settings=settings).close()
    with pytest.raises(ConfigurationError, match=r"exact_scores.*--set NAME=VALUE"):
        copy_index(source, target)
    assert copy_index(source, target, settings={"exact_scores": False}).documents == 0


def test_a_second_copy_brings_what_has_changed(new_target: NewTarget) -> None:
    source, target = new_target("embedded"), new_target("elasticsearch")
    with made(source) as index:
        copy_index(source, target, settings=EXACT)
        vectors = random_units(10, dims=DIMS, seed=5)
        index.add([document(n, vectors[n:]) for n in (5, 299, 400)])
        changed = [*index.scan(vectors=True)][7]
        index.add([Document(changed.id, {**changed.fields, "lang": "de"}, changed.vectors)])
    report = copy_index(source, target)
    assert (report.documents, report.copied) == (301, 4)
    assert content(target) == content(source)


def test_documents_that_only_the_copy_has_are_told(tmp_path: Path) -> None:
    source, target = f"embedded:{tmp_path / 'a'}", f"embedded:{tmp_path / 'b'}"
    made(source, 20).close()
    copy_index(source, target)
    with HybridIndex.open(target) as index:
        index.add([document(99, random_units(3, dims=DIMS))])
    with pytest.raises(EngineError, match=r"holds 21 documents and \d+ passages where .* holds 20"):
        copy_index(source, target)


def test_what_cannot_be_copied_says_why(tmp_path: Path, tiny: Encoder) -> None:
    source, target = f"embedded:{tmp_path / 'a'}", f"embedded:{tmp_path / 'b'}"
    with pytest.raises(IndexNotFoundError, match="there is no index at"):
        copy_index(source, target)
    assert not (tmp_path / "b").exists()
    made(source, 3).close()
    for itself in (source, f"embedded:{tmp_path}/./a/"):
        with pytest.raises(ConfigurationError, match="onto itself"):
            copy_index(source, itself)
    HybridIndex.create(target, schema=Schema(text=["other"]), encoder=tiny).close()
    with pytest.raises(ConfigurationError, match="exists with another schema"):
        copy_index(source, target)
    one, two = f"embedded:{tmp_path / 'c'}", f"embedded:{tmp_path / 'd'}"
    schema = Schema(text=["title"], dense={"v": {"embeds": ["title"], "dims": tiny.dims}})
    HybridIndex.create(one, schema=schema, encoder=tiny).close()
    HybridIndex.create(two, schema=schema, encoder=None).close()
    with pytest.raises(ConfigurationError, match="exists with another encoder"):
        copy_index(one, two)


KILLS = 5


def settled(target: str) -> int:
    """How many documents there are once the server has done what it was sent."""
    before = -1
    while (now := count(target)) != before:
        before = now
        time.sleep(0.5)
    return now


@pytest.mark.slow
@pytest.mark.parametrize("engine", ["elasticsearch", "opensearch"])
def test_a_copy_to_a_server_that_is_killed_goes_on_and_ends_exact(
    new_target: NewTarget, engine: str
) -> None:
    source, target = new_target("embedded"), new_target(engine)
    made(source, 15_000).close()
    chance = random.Random(7)
    held = [0]
    for _ in range(KILLS):
        process = copying(source, target, "--set", "vector_index=flat", "--set", "replicas=0")
        wanted = held[-1] + chance.randint(1, 900)
        while process.poll() is None and count(target) < wanted:
            time.sleep(0.005)
        process.kill()
        process.communicate()
        held.append(settled(target))
    assert held == sorted(held)
    assert 0 < held[1] < 15_000
    assert 0 < held[KILLS] < 15_000, held
    _, said = (last := copying(source, target)).communicate()
    assert last.returncode == 0, said
    assert f"{held[KILLS]:,} were there already" in said
    assert content(target) == content(source)


@pytest.mark.slow
def test_a_copy_to_a_folder_that_is_killed_goes_on_and_ends_exact(new_target: NewTarget) -> None:
    source, target = new_target("elasticsearch"), new_target("embedded")
    made(source, 4000).close()
    chance = random.Random(7)
    killed = 0
    while killed < KILLS:
        process = copying(source, target)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.3, 2.0))
        killed += process.poll() is None
        process.kill()
        process.communicate()
    _, said = (last := copying(source, target)).communicate()
    assert last.returncode == 0, said
    assert content(target) == content(source)


RUN = """
import sys
from hybridsearch.cli.app import main
sys.argv = ["hybridsearch", *sys.argv[1:]]
main()
"""


def copying(source: str, target: str, *options: str) -> subprocess.Popen[str]:
    """The command, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", RUN, "copy", source, target, *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def count(target: str) -> int:
    """How many documents a server has, none where there is no index yet."""
    url = f"http:{target.partition(':')[2]}"
    try:
        ask("POST", f"{url}/_refresh")
        return int(ask("GET", f"{url}/_count")["count"])
    except RefusedError:
        return 0


def test_a_copy_that_has_newer_documents_is_told_from_an_equal_one(new_target: NewTarget) -> None:
    source, target = new_target("embedded"), new_target("embedded")
    given = {"id": "a", "title": "x", "dense": random_units(1, dims=DIMS)[0]}
    with HybridIndex.create(source, schema=SCHEMA, encoder=None) as origin:
        origin.add([{**given, "_version": 5}])
    copy_index(source, target)
    with HybridIndex.open(target) as copy:
        copy.add([{**given, "title": "newer", "_version": 6}])
    with pytest.raises(EngineError, match=r"1 documents have newer versions .* to a new name"):
        copy_index(source, target)
