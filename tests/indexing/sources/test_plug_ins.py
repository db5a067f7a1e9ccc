"""Sources by name: those of other packages, several together, and another index."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from command_line import running_here, running_in, write_lines
from servers.ask import ask
from servers.fixtures import ServerUrl
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import (
    ConfigurationError,
    IndexNotFoundError,
    MissingDependencyError,
    UnknownNameError,
)
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.open import open_sources

PLUG_IN = """
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.source import CountedReading, Source


def open_numbers(location, options):
    reading = CountedReading(int(location))

    def records():
        for number in range(reading.total):
            reading.done += 1
            document = {"id": str(number), "text": f"{options.query} {number}"}
            yield Located(f"number {number}", document)

    return Source(options.source, records(), reading)
"""


@pytest.fixture
def another_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path with an installed package that announces a source."""
    folder = tmp_path / "site"
    information = folder / "numbers_source-1.dist-info"
    information.mkdir(parents=True)
    (folder / "numbers_source.py").write_text(PLUG_IN)
    (information / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: numbers-source\nVersion: 1\n"
    )
    (information / "entry_points.txt").write_text(
        "[hybridsearch.sources]\nnumbers = numbers_source:open_numbers\n"
        "broken = not_there_at_all:open\n"
    )
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setenv("PYTHONPATH", str(folder), prepend=":")
    return folder


def documents_of(*names: str, **options: str) -> list[object]:
    records = list(open_sources(names, **options).records)
    return [record.document for record in records if isinstance(record, Located)]


@pytest.mark.usefixtures("another_package")
def test_another_package_adds_a_source() -> None:
    source = open_sources(["numbers:3"], query="word")
    assert source.name == "numbers:3"
    assert source.reading.fraction == 0.0
    assert [record.document for record in source.records if isinstance(record, Located)] == [
        {"id": str(number), "text": f"word {number}"} for number in range(3)
    ]
    assert source.reading.fraction == 1.0
    with pytest.raises(ConfigurationError, match="'broken' is announced by an installed package"):
        open_sources(["broken:x"])


@pytest.mark.usefixtures("another_package")
def test_the_command_line_reads_it_too(tmp_path: Path) -> None:
    run = running_in(tmp_path)
    (tmp_path / "schema.json").write_text(json.dumps({"text": ["text"], "dense": {}}))
    ran = run(
        *("index", "embedded:x", "numbers:4", "--query", "word", "--schema", "schema.json"),
        *("--encoder", "none", "--json"),
    )
    assert ran.status == 0, ran
    assert ran.last_json["indexed"] == 4


def test_an_unknown_source_names_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'postgresql'"):
        open_sources(["postgres://ann@host/db"])
    odd = write_lines(tmp_path / "a:b.jsonl", [{"id": "a"}])
    assert documents_of(str(odd)) == [{"id": "a"}]
    assert documents_of(f"file:{odd}") == [{"id": "a"}]


def test_several_sources_of_different_kinds_are_read_one_after_the_other(tmp_path: Path) -> None:
    lines = write_lines(tmp_path / "a.jsonl", [{"id": "a"}] * 300)
    target = f"embedded:{tmp_path / 'x'}"
    schema = Schema(text=["text"], dense={})
    with HybridIndex.create(target, schema=schema, encoder=None) as index:
        index.add({"id": str(n), "text": "word"} for n in range(700))
    source = open_sources([str(lines), target])
    assert source.name == f"{lines}, {target}"
    told = [source.reading.fraction for _ in source.records]
    assert len(told) == 1000
    assert told[299] in {None, 0.5}
    assert told[-1] == 1.0


def test_ids_may_have_another_name_in_lines_and_tables(tmp_path: Path) -> None:
    lines = write_lines(
        tmp_path / "a.jsonl", [{"isbn": 7, "id": "old", "sold": None}, {"id": "none"}]
    )
    assert documents_of(str(lines), id="isbn") == [{"id": "7", "sold": None}, {"id": None}]
    table = tmp_path / "a.csv"
    table.write_text("isbn,title\n7,x\n,y\n")
    assert documents_of(str(table), id="isbn") == [
        {"id": "7", "title": "x"},
        {"id": "", "title": "y"},
    ]
    with pytest.raises(Exception, match="one of them 'sku'; found isbn, title"):
        documents_of(str(table), id="sku")


def test_an_index_is_a_source_of_its_documents(tmp_path: Path) -> None:
    target = f"embedded:{tmp_path / 'x'}"
    schema = Schema(
        text=["text"], metadata={"n": "integer"}, dense={"v": {"embeds": ["text"], "dims": 8}}
    )
    vectors = random_units(1200)
    with HybridIndex.create(target, schema=schema, encoder=None) as index:
        index.add(
            {"id": str(n), "text": f"word{n}", "n": n, "v": vectors[n], "extra": [n]}
            for n in range(1200)
        )
        given = list(index.scan())
    assert documents_of(target) == given
    found = open_sources([target]).schema
    assert found is not None
    assert found.with_dims(8) == schema  # the documents come without vectors
    with HybridIndex.create(
        f"embedded:{tmp_path / 'y'}", schema=Schema(text=["text"], dense={}), encoder=None
    ) as other:
        report = other.add(open_sources([target]).records)
        assert (report.indexed, report.failed) == (1200, 0)
        assert list(other.scan()) == given


def test_an_index_as_a_source_refuses_what_it_has_no_use_for(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not asked by a query"):
        open_sources(["elasticsearch://host/x"], query="SELECT 1")
    with pytest.raises(ConfigurationError, match="leave --id out"):
        open_sources(["elasticsearch://host/x"], id="n")
    with pytest.raises(IndexNotFoundError, match="there is no index at"):
        open_sources([f"embedded:{tmp_path / 'absent'}"])


def test_an_index_of_another_schema_is_made_of_an_index(
    tmp_path: Path, server_url: ServerUrl, tiny_model: Path
) -> None:
    run = running_here(tmp_path)
    url = server_url("elasticsearch")
    source = f"elasticsearch:{url.removeprefix('http:')}/sources-{uuid.uuid4().hex}"
    schema = Schema(text={"text": "english"}, metadata={"n": "integer"}, dense={})
    with HybridIndex.create(source, schema=schema, encoder=None) as index:
        index.add({"id": str(n), "text": f"whale number{n}", "n": n} for n in range(20))
    try:
        assert json.loads(run("schema", source).out) == json.loads(schema.to_json())
        same = run("index", "embedded:same", source, "--encoder", "none")
        assert f"schema taken from {source}" in same.err
        (tmp_path / "schema.json").write_text('{"text": ["text"], "metadata": {"n": "integer"}}')
        made = run(
            *("index", "embedded:encoded", source, "--schema", "schema.json"),
            *("--encoder", tiny_model, "--json"),
        )
        assert made.status == 0, made
        assert (made.last_json["indexed"], made.last_json["passages"]) == (20, 20)
    finally:
        ask("DELETE", f"http:{source.partition(':')[2]}")


def test_a_missing_client_names_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "opensearchpy", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsearch\[opensearch\]"):
        open_sources(["opensearch://host/x"])
