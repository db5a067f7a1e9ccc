"""`mapping render`, `mapping diff` and `mapping apply`, where servers are needed on real ones."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from command_line import DIMS, Run, book, write_lines, write_schema
from servers.ask import ask

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import MappingMismatchError


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


def url_of(target: str) -> str:
    return "http:" + target.partition(":")[2]


def rendered(run: Run, *arguments: object) -> Any:
    done = run("mapping", "render", *arguments)
    assert done.status == 0, done
    return json.loads(done.out)


def test_the_default_is_rendered_without_server_or_model(run: Run) -> None:
    body = rendered(run, "elasticsearch")
    fields = body["mappings"]["properties"]
    assert fields["title"]["analyzer"] == "english"
    assert fields["dense"]["properties"]["vector"]["dims"] == 768
    meta = body["mappings"]["_meta"]["hybridsearch"]
    assert meta["encoder"] == "sentence-transformers/multi-qa-mpnet-base-cos-v1"
    assert meta["fingerprint"] is None
    assert body["settings"]["index"]["number_of_shards"] == 1


def test_settings_schema_and_dims_are_rendered(run: Run, tmp_path: Path) -> None:
    schema = write_schema(tmp_path, dense={"dense": {"embeds": ["title"]}})
    given = ["--schema", schema, "--encoder", "some/model", "--dims", 48]
    given += ["--set", "shards=3", "--set", "vector_index=hnsw", "--set", "refresh_interval=5s"]
    body = rendered(run, "opensearch://nowhere.example:9200/papers", *given)
    assert body["settings"]["index"] == {
        "number_of_shards": 3,
        "number_of_replicas": 1,
        "refresh_interval": "5s",
        "knn": True,
    }
    vector = body["mappings"]["properties"]["dense"]["properties"]["vector"]
    assert vector["dimension"] == 48
    assert "encoder" not in vector["method"]["parameters"]
    assert body["mappings"]["_meta"]["hybridsearch"]["encoder"] == "some/model"
    assert body["mappings"]["properties"]["price"] == {"type": "double"}


def test_a_model_is_loaded_where_only_it_knows_its_dims(
    run: Run, tmp_path: Path, tiny_model: Path
) -> None:
    schema = write_schema(tmp_path, dense={"dense": {"embeds": ["title"]}})
    body = rendered(run, "elasticsearch", "--schema", schema, "--encoder", tiny_model)
    assert body["mappings"]["properties"]["dense"]["properties"]["vector"]["dims"] == 32
    assert body["mappings"]["_meta"]["hybridsearch"]["fingerprint"]["dims"] == 32


def test_templates_take_the_name_of_the_index(run: Run, tmp_path: Path) -> None:
    template = rendered(run, "opensearch:papers", "--part", "index-template")
    assert template["index_patterns"] == ["papers-*"]
    assert template["composed_of"] == ["papers-settings", "papers-mappings"]
    written = run("mapping", "render", "opensearch:papers", "--output", "out/papers")
    assert written.status == 0
    assert written.out == ""
    assert sorted(path.name for path in (tmp_path / "out" / "papers").iterdir()) == [
        "component-mappings.json", "component-settings.json", "index-template.json", "index.json",
        "search-template.json",
    ]  # fmt: skip
    run("mapping", "render", "opensearch", "--output", "/dev/null/x").failed_with("/dev/null/x")


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        (["elastiksearch"], ["unknown engine 'elastiksearch'", "did you mean 'elasticsearch'"]),
        (["embedded:./books"], ["no mapping at embedded", "elasticsearch://HOST:9200/NAME"]),
        (["elasticsearch:Books"], ["'Books' cannot be an index's name"]),
        (["elasticsearch", "--set", "shard=1"], ["did you mean 'shards'"]),
        (["elasticsearch", "--part", "indexes"], ["unknown part", "did you mean 'index'"]),
        (["elasticsearch", "--encoder", "none"], ["must say its dims"]),
        (["elasticsearch", "--schema", "absent.json"], ["absent.json"]),
        (["opensearch", "--set", "vector_index=bbq_hnsw"], ["needs vector_engine='faiss'"]),
        (["elasticsearch", "--schema", "schema.json", "--dims", "7"], ["4 dims, not 7"]),
    ],
)
def test_what_cannot_be_rendered_is_told_in_one_line(
    run: Run, tmp_path: Path, arguments: list[str], parts: list[str]
) -> None:
    write_schema(tmp_path)
    run("mapping", "render", *arguments).failed_with(*parts)


def test_an_applied_index_is_equal_to_its_rendering_and_takes_documents(
    run: Run, target: str, tmp_path: Path
) -> None:
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--set", "replicas=0"]
    made = run("mapping", "apply", target, *given, "--json")
    assert made.status == 0, made
    assert made.last_json == {"made": True, "changed": []}
    body = next(iter(ask("GET", url_of(target)).values()))
    assert body["mappings"]["properties"].keys() >= {"title", "year", "dense"}

    same = run("mapping", "diff", target)
    assert (same.status, same.out, same.err) == (0, "", "no difference\n")
    assert run("mapping", "diff", target, "--schema", tmp_path / "schema.json").status == 0
    again = run("mapping", "apply", target, *given)
    assert (again.status, again.err) == (0, f"the index at {target} is so already\n")

    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    assert run("index", target, source).status == 0
    assert run("mapping", "diff", target).status == 0


def test_what_somebody_changed_is_told_field_by_field(
    run: Run, target: str, tmp_path: Path
) -> None:
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--set", "replicas=0"]
    assert run("mapping", "apply", target, *given).status == 0
    ask("PUT", f"{url_of(target)}/_settings", {"index": {"refresh_interval": "9s"}})
    ask("PUT", f"{url_of(target)}/_mapping", {"properties": {"extra": {"type": "keyword"}}})

    told = run("mapping", "diff", target)
    assert told.status == 1
    assert told.out.splitlines() == [
        'settings.index.refresh_interval: "9s" in the index, "1s" rendered',
        'mappings.properties.extra: only in the index ({"type":"keyword"})',
    ]
    assert told.err == "2 differences\n"
    as_json = run("mapping", "diff", target, "--json").last_json
    assert as_json[0] == {
        "place": "settings.index.refresh_interval",
        "index": "9s",
        "rendered": "1s",
        "in_place": True,
    }


def test_an_index_that_exists_is_changed_in_place_or_says_what_cannot_be(
    run: Run, target: str, tmp_path: Path
) -> None:
    schema = write_schema(tmp_path)
    given = ["--schema", schema, "--encoder", "none"]
    assert run("mapping", "apply", target, *given, "--set", "replicas=0").status == 0
    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    assert run("index", target, source).status == 0

    write_schema(tmp_path, text={"title": {"weight": 5.0}, "text": "english"})
    changed = run("mapping", "apply", target, *given, "--set", "refresh_interval=7s", "--json")
    assert changed.status == 0, changed
    assert changed.last_json == {
        "made": False,
        "changed": [
            "settings.index.refresh_interval",
            "mappings._meta.hybridsearch.schema.text.title.weight",
            "mappings._meta.hybridsearch.settings.refresh_interval",
        ],
    }
    with HybridIndex.open(target) as index:
        assert index.schema.text["title"].weight == 5.0
        assert index.count() == 1
    settings = next(iter(ask("GET", f"{url_of(target)}/_settings").values()))["settings"]["index"]
    assert settings["refresh_interval"] == "7s"
    assert settings["number_of_replicas"] == "0"
    assert run("mapping", "diff", target).status == 0

    before = ask("GET", url_of(target))
    write_schema(
        tmp_path, text={"title": "german", "text": "english"}, metadata={"isbn": "keyword"}
    )
    run("mapping", "apply", target, *given, "--set", "shards=2").failed_with(
        "cannot be changed so in place", "settings.index.number_of_shards", "into a new one"
    )
    told = run("mapping", "diff", target, "--schema", schema)
    assert told.status == 1
    for line in (
        'mappings.properties.title.analyzer: "standard" in the index, "german" rendered',
        'mappings.properties.isbn: not in the index ({"type":"keyword"} rendered)',
        'mappings.properties.year: only in the index ({"type":"long"})',
    ):
        assert line in told.out
    assert ask("GET", url_of(target)) == before


def test_there_is_nothing_to_compare_where_there_is_no_index_of_ours(run: Run, target: str) -> None:
    run("mapping", "diff", target).failed_with("there is no index at", target)
    ask("PUT", url_of(target))
    run("mapping", "diff", target).failed_with("was not made by hybridsearch")
    run("mapping", "apply", target).failed_with("was not made by hybridsearch")
    run("mapping", "diff", "embedded:./books").failed_with("no mapping at embedded")


def test_an_index_that_a_template_would_mix_into_is_not_made(target: str) -> None:
    server, _, name = url_of(target).rpartition("/")
    foreign = Schema(text=["foreign"], metadata={"year": "keyword"}, dense={})
    ours = Schema(text=["text"], dense={"dense": {"embeds": ["text"], "dims": DIMS}})
    template = {
        "index_patterns": [f"{name}*"],
        "priority": 900,
        "template": {
            "mappings": {
                "_meta": {
                    "hybridsearch": {"format": 1, "schema": foreign.model_dump(exclude_none=True)}
                },
            }
        },
    }
    ask("PUT", f"{server}/_index_template/{name}", template)
    try:
        with pytest.raises(MappingMismatchError, match="an index template of the cluster"):
            HybridIndex.create(target, schema=ours, encoder=None)
    finally:
        ask("DELETE", f"{server}/_index_template/{name}")
    HybridIndex.create(target, schema=ours, encoder=None, settings={"replicas": 0}).close()
