"""`index`, `search`, `info` and `delete` on real servers, with settings from the environment."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from traceback import format_exception

import pytest
from command_line import Run, book, running_in, write_lines, write_schema
from servers.ask import ask
from servers.ports import free_ports

from hybridsearch.errors import NotAuthenticatedError

TARGETS = ("embedded:PATH", "elasticsearch://HOST:9200/NAME", "opensearch://HOST:9200/NAME")


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


def url_of(target: str) -> str:
    return "http:" + target.partition(":")[2]


def test_an_index_on_a_server_is_made_searched_told_and_thinned(
    target: str, tmp_path: Path
) -> None:
    run = running_in(tmp_path)
    source = write_lines(tmp_path / "books.jsonl", [book(i, lang="en") for i in range(6)])
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--json"]
    made = run("index", target, source, *given, "--set", "shards=3", "--set", "replicas=0")
    assert made.status == 0, made
    assert made.last_json["indexed"] == 6
    settings = next(iter(ask("GET", f"{url_of(target)}/_settings").values()))["settings"]["index"]
    assert settings["number_of_shards"] == "3"
    assert settings["number_of_replicas"] == "0"

    told = run("info", target, "--json")
    assert told.status == 0, told
    assert told.last_json["documents"] == 6
    assert told.last_json["passages"] == {"dense": 6}
    assert told.last_json["target"] == target
    kept_by = told.last_json["kept_by"]
    assert re.fullmatch(r"Elasticsearch [\d.]+, \w+ licence|OpenSearch [\d.]+", kept_by)
    assert re.search(rf"^kept by +{re.escape(kept_by)} *$", run("info", target).out, re.MULTILINE)

    asked = run("search", target, "number2 whales", "-k", 2, "--where", "year < 1905", "--json")
    assert asked.status == 0, asked
    assert asked.last_json["hits"][0]["id"] == "b2"
    assert len(asked.last_json["hits"]) == 2
    assert "b2" in run("search", target, "number2", "--explain").out

    gone = run("delete", target, "b2", "absent", "--json")
    assert gone.last_json == {"deleted": 1}
    assert gone.err == "1 of 2 documents deleted\n"
    assert run("search", target, "number2", "--json").last_json["hits"] == []


def test_settings_are_for_a_new_index_and_may_be_said_again(
    run: Run, target: str, tmp_path: Path
) -> None:
    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    given = ["--schema", write_schema(tmp_path), "--encoder", "none"]
    run("index", target, source, *given, "--set", "shard=3").failed_with(
        "unknown index setting 'shard'", "did you mean 'shards'"
    )
    run("index", target, source, *given, "--set", "shards").failed_with("NAME=VALUE", "shards=3")
    run("index", target, source, *given, "--set", "shards=many").failed_with("shards", "integer")
    run("info", target).failed_with("there is no index at", target)

    assert run("index", target, source, *given, "--set", "shards=2").status == 0
    assert run("index", target, source, *given, "--set", "shards=2").status == 0
    run("index", target, source, *given, "--set", "shards=3").failed_with(
        "shards is fixed when an index is made, here as 2"
    )


def test_documents_that_are_set_aside_are_told_by_the_exit_status(
    run: Run, target: str, tmp_path: Path
) -> None:
    source = write_lines(tmp_path / "books.jsonl", [book(1), book(2, year="soon")])
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--json"]
    indexed = run("index", target, source, *given, "--dead-letters", "dead.jsonl")
    assert indexed.status == 3, indexed
    assert (indexed.last_json["indexed"], indexed.last_json["failed"]) == (1, 1)
    assert json.loads((tmp_path / "dead.jsonl").read_text())["id"] == "b2"


def test_text_is_encoded_on_the_way_to_a_server(
    run: Run, target: str, tmp_path: Path, tiny_model: Path
) -> None:
    source = write_lines(
        tmp_path / "books.jsonl",
        [
            {"id": "moby", "text": "a whale and a ship"},
            {"id": "emma", "text": "a town and a match"},
        ],
    )
    assert run("index", target, source, "--encoder", tiny_model, "--set", "replicas=0").status == 0
    asked = run("search", target, "whale ship", "--json")
    assert asked.status == 0, asked
    assert asked.last_json["hits"][0]["id"] == "moby"
    assert asked.last_json["candidates"] == {"lexical": 1, "dense": 2}


@pytest.mark.parametrize(
    ("environment", "authorization"),
    [
        ({"API_KEY": "c2VjcmV0OmtleQ=="}, "ApiKey c2VjcmV0OmtleQ=="),
        ({"USERNAME": "ann", "PASSWORD": "secret:key"}, "Basic YW5uOnNlY3JldDprZXk="),
        ({"BEARER": "secret-token"}, "Bearer secret-token"),
    ],
)
def test_credentials_come_from_the_environment_and_are_not_shown(
    run: Run,
    target: str,
    gate: Callable[[str, str], str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    environment: dict[str, str],
    authorization: str,
) -> None:
    server, _, name = url_of(target).rpartition("/")
    guarded = f"{target.partition(':')[0]}:{gate(server, authorization)[5:]}/{name}"
    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    given = [guarded, source, "--schema", write_schema(tmp_path), "--encoder", "none"]
    run("index", *given).failed_with("(401)", "HYBRIDSEARCH_API_KEY")

    for variable, value in environment.items():
        monkeypatch.setenv(f"HYBRIDSEARCH_{variable}", value)
    indexed = run("index", *given)
    assert indexed.status == 0, indexed
    assert run("info", guarded, "--json").last_json["documents"] == 1

    last = list(environment)[-1]
    monkeypatch.setenv(f"HYBRIDSEARCH_{last}", "wrong-secret")
    wrong = run("info", guarded)
    wrong.failed_with("(401)")
    with pytest.raises(NotAuthenticatedError) as raised:
        run("info", guarded, "--debug")
    assert "wrong-secret" not in "".join([*format_exception(raised.value), wrong.err])


def test_a_server_that_cannot_be_asked_is_told_in_one_line(
    run: Run, target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, _, place = target.partition(":")
    other = "opensearch" if engine == "elasticsearch" else "elasticsearch"
    run("info", f"{other}:{place}").failed_with(f"write {engine}://")
    monkeypatch.setenv("HYBRIDSEARCH_TIMEOUT", "1")
    (port,) = free_ports(1)
    run("info", f"{engine}://127.0.0.1:{port}/books").failed_with("cannot be reached")
    run("search", f"{engine}://", "q").failed_with("is not a target", "HOST:9200/NAME")
    run("info", f"{engine}://ann:secret@127.0.0.1/books").failed_with("HYBRIDSEARCH_USERNAME")
    monkeypatch.setenv("HYBRIDSEARCH_TIMEOUT", "soon")
    run("info", target).failed_with("connection settings: timeout", "number")
    monkeypatch.setenv("HYBRIDSEARCH_TIMEOUT", "30")
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", "one")
    monkeypatch.setenv("HYBRIDSEARCH_BEARER", "two")
    run("info", target).failed_with("give one of api_key")


def test_a_folder_takes_no_settings_of_servers(run: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    run("index", "embedded:x", source, "--set", "shards=3").failed_with("for engines on servers")


@pytest.mark.parametrize(
    "command", ["index", "search", "info", "delete", "mapping diff", "mapping apply"]
)
def test_help_names_the_forms_of_targets(run: Run, command: str) -> None:
    shown = run(*command.split(), "--help")
    assert shown.status == 0
    words = " ".join(shown.out.split())
    for form in (*TARGETS[command.startswith("mapping") :], "HYBRIDSEARCH_API_KEY"):
        assert form in words
