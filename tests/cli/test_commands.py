"""`search`, `info`, `delete` and `schema`, with their options, shapes and exit statuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from command_line import Run, book, running_in, write_lines, write_schema
from typer.testing import CliRunner

from hybridsearch import HybridIndex, Schema, __version__
from hybridsearch.cli.app import app


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


def test_letters_that_a_terminal_lacks_are_written_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    with HybridIndex.create(
        f"embedded:{tmp_path / 'x'}", schema=Schema(text=["title"], dense={}), encoder=None
    ) as index:
        index.add([{"id": "ö", "title": "owl"}])
    ran = running_in(tmp_path)("search", "embedded:x", "owl")
    assert ran.status == 0, ran
    assert r"\xf6" in ran.out


def test_the_module_is_the_command_line(tmp_path: Path) -> None:
    script, module = (
        running_in(tmp_path),
        running_in(tmp_path, sys.executable, "-m", "hybridsearch"),
    )
    for arguments in (["--version"], ["info", "embedded:none"], ["search", "embedded:none", "-k"]):
        ran = module(*arguments)
        same = script(*arguments)
        named = ran.err.replace("python -m hybridsearch", "hybridsearch")
        assert (ran.status, ran.out, named) == (same.status, same.out, same.err)
    module("info", "embedded:none").failed_with("there is no index at embedded:")


def test_search_with_an_encoder_explains_both_retrievers(
    run: Run, tmp_path: Path, tiny_model: Path
) -> None:
    source = write_lines(
        tmp_path / "books.jsonl",
        [
            {"id": "moby", "title": "Moby Dick", "text": "a whale and a ship", "year": 1851},
            {"id": "emma", "title": "Emma", "text": "a match is made in town", "year": 1815},
            {"id": "kim", "title": "Kim", "text": "a boy and a lama on the road", "year": 1901},
        ],
    )
    indexed = run("index", "embedded:x", source, "--encoder", tiny_model, "--json")
    assert indexed.status == 0, indexed
    assert "schema guessed from 3 documents" in indexed.err
    guessed = json.loads(indexed.err[indexed.err.index("\n{") : indexed.err.rindex("\n}") + 2])
    assert list(guessed["text"]) == ["title", "text"]
    assert guessed["metadata"] == {"year": {"type": "integer"}}

    asked = run("search", "embedded:x", "whale ship", "-k", 2, "--json", "--where", "year < 1900")
    assert asked.status == 0, asked
    response = asked.last_json
    assert {"hits", "candidates", "timings_ms", "warnings"} <= set(response)
    assert response["candidates"] == {"lexical": 1, "dense": 2}
    assert response["warnings"] == []
    assert response["hits"][0]["id"] == "moby"
    assert len(response["hits"]) == 2
    for hit in response["hits"]:
        assert set(hit) == {"id", "score", "fields", "passages", "ledger"}
        assert set(hit["ledger"]) == {"lexical", "dense"}
        for entry in hit["ledger"].values():
            assert set(entry) == {
                "score",
                "rank",
                "normalised",
                "weight",
                "contribution",
                "completed",
            }
        parts = [entry["contribution"] for entry in hit["ledger"].values()]
        assert sum(parts) == pytest.approx(hit["score"], abs=1e-6)
    assert response["hits"][0]["fields"]["year"] == 1851
    assert response["hits"][0]["passages"][0]["text"] == "Moby Dick\na whale and a ship"

    target = f"embedded:{tmp_path / 'x'}"
    table = CliRunner().invoke(app, ["search", target, "whale ship", "--explain", "-k", "2"])
    assert table.exit_code == 0, table
    assert "lexical" in table.stdout.splitlines()[0]
    assert "dense" in table.stdout.splitlines()[0]
    assert "moby" in table.stdout
    assert "candidates: lexical 1, dense 3" in table.stderr


def test_a_hit_shows_a_text_that_was_searched(run: Run, tmp_path: Path) -> None:
    with HybridIndex.create(
        f"embedded:{tmp_path / 'x'}",
        schema=Schema(text=["title", "body"], metadata={"at": "date"}, dense={}),
        encoder=None,
    ) as index:
        index.add([{"id": "a", "at": "2024-01-01", "lang": "de", "body": "a whale"}])
    assert run("search", "embedded:x", "whale").out.splitlines()[-1].strip() == "a whale"


def test_search_options_narrow_and_bound_the_hits(run: Run, books: str) -> None:
    both = run("search", books, "whales", "-k", 3, "--where", "lang == 'de'", "--json")
    assert both.status == 0, both
    assert len(both.last_json["hits"]) == 3
    assert {hit["fields"]["lang"] for hit in both.last_json["hits"]} == {"de"}
    assert both.last_json["hits"][0]["fields"]["shelf"].startswith("S")

    nothing = run("search", books, "unheardof", "--retriever", "lexical")
    assert nothing.status == 0
    assert "nothing found" in nothing.err

    without = run("search", books, "whales", "--window", 10, "--json")
    assert "no encoder" in without.last_json["warnings"][0]


@pytest.mark.parametrize(
    ("arguments", "parts"),
    [
        ([""], ["the query is empty", "write what to look for"]),
        ([" \t "], ["the query is empty"]),
        (["w" * 50_000], ["50,000 characters", "at most 10,000"]),
        (["whales", "-k", "1000000"], ["1,000,000", "at most 10,000"]),
        (["whales", "-k", "10", "--window", "5"], ["window 5", "window=10 or more"]),
        (["whales", "--window", "20000"], ["window is 20,000", "at most 10,000"]),
        (["whales", "--fusion", "rrff"], ["unknown fusion 'rrff'", "did you mean 'rrf'"]),
        (["whales", "--fusion", "convx"], ["did you mean 'convex'"]),
        (["whales", "--fusion", "rrf(k=-1)"], ["k must be a number above 0"]),
        (["whales", "--fusion", "rrf(q=1)"], ["rrf", "q"]),
        (["whales", "--where", "yaer > 1900"], ["filter, at character 1", "'year'"]),
        (["whales", "--where", "year >"], ["filter, at character"]),
        (["whales", "--where", "year > 'x'"], ["filter", "year"]),
        (["whales", "--retriever", "densee"], ["unknown retriever", "did you mean 'dense'"]),
    ],
)
def test_a_wrong_search_says_what_would_be_right(
    run: Run, books: str, arguments: list[str], parts: list[str]
) -> None:
    run("search", books, *arguments).failed_with(*parts)


def test_targets_that_cannot_be_opened_say_why(run: Run, books: str, tmp_path: Path) -> None:
    run("search", "embedded:absent", "q").failed_with("no index at embedded:absent", "make one")
    run("info", "elastik:books").failed_with("unknown engine 'elastik'", "Known:")
    run("info", "books").failed_with("is not a target", "embedded:./books")
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "notes.txt").write_text("x")
    run("info", "embedded:papers").failed_with("no index at embedded:papers")
    source = write_lines(tmp_path / "more.jsonl", [book(1)])
    schema = write_schema(tmp_path)
    run(
        "index", "embedded:papers", source, "--schema", schema, "--encoder", "none"
    ).failed_with("is not an index", "new or an empty folder")  # fmt: skip
    (tmp_path / "books" / "definition.json").write_text('{"schema": 3')
    run("info", books).failed_with("definition.json is damaged", "restore it")


def test_info_tells_what_the_index_holds(run: Run, books: str) -> None:
    told = run("info", books, "--json")
    assert told.status == 0
    assert told.err == ""
    assert told.last_json["documents"] == 20
    assert told.last_json["passages"] == {"dense": 20}
    assert told.last_json["encoder"] is None
    assert told.last_json["schema"]["metadata"]["year"] == {"type": "integer"}
    assert told.last_json["bytes"] > 1000

    table = run("info", books)
    assert table.status == 0
    for shown in ("embedded:books", "20", "analyzer english", "integer", "4 dims", "none"):
        assert shown in table.out


def test_delete_removes_documents_and_counts_them(run: Run, books: str, tmp_path: Path) -> None:
    done = run("delete", books, "b1", "b2", "b2", "absent", "--json")
    assert done.status == 0, done
    assert done.last_json == {"deleted": 2}
    assert done.err == "2 of 3 documents deleted\n"
    again = run("delete", books, "b1")
    assert again.status == 0
    assert again.err == "0 of 1 documents deleted\n"
    with HybridIndex.open(f"embedded:{tmp_path / 'books'}") as index:
        assert index.count() == 18
        assert index.get("b1") is None


def test_schema_is_printed_or_written(run: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "plain.jsonl", [{"id": "a", "text": "words", "year": 1999}])
    printed = run("schema", source)
    assert printed.status == 0, printed
    guessed = json.loads(printed.out)
    assert guessed["text"].keys() == {"text"}
    assert guessed["metadata"]["year"] == {"type": "integer"}
    run("schema", source, "--output", "no/such/folder/s.json").failed_with("s.json")
    broken = tmp_path / "broken.json"
    broken.write_text('{"text": {"title": "klingon"}}')
    run("index", "embedded:n", source, "--schema", broken).failed_with("broken.json", "title")
    broken.write_text("{")
    run("index", "embedded:n", source, "--schema", broken).failed_with("not JSON")
    run("index", "embedded:n", source, "--schema", "absent.json").failed_with("absent.json")
    broken.write_text(json.dumps({"text": ["text"]}))
    open_dims = run("index", "embedded:n", source, "--schema", broken, "--encoder", "none")
    open_dims.failed_with("without an encoder the vector field 'dense' must say its dims")


def test_a_guess_without_encoder_takes_the_vectors_of_the_documents(
    run: Run, tmp_path: Path
) -> None:
    vectors = [{"id": "a", "text": "some words", "embedding": [1.0] + [0.0] * 15}]
    given = write_lines(tmp_path / "vectors.jsonl", vectors)
    indexed = run("index", "embedded:v", given, "--encoder", "none", "--json")
    assert indexed.status == 0, indexed
    assert indexed.last_json["passages"] == 1
    assert "16 dims, embeds text" in run("info", "embedded:v").out

    plain = write_lines(tmp_path / "plain.jsonl", [{"id": "a", "text": "some words"}])
    indexed = run("index", "embedded:p", plain, "--encoder", "none", "--json")
    assert indexed.status == 0, indexed
    assert "searched by text alone" in indexed.err
    assert "none: searched by text alone" in run("info", "embedded:p").out
    assert [hit["id"] for hit in run("search", "embedded:p", "words", "--json").last_json["hits"]]


def test_version_help_and_wrong_usage(run: Run, tmp_path: Path) -> None:
    assert running_in(tmp_path)("--version").out == f"hybridsearch {__version__}\n"
    shown = run("--help")
    assert shown.status == 0
    for part in ("index", "search", "info", "delete", "schema", "demo", "Exit status"):
        assert part in shown.out
    assert "--explain" in run("search", "--help").out
    for arguments, part in [
        (["frobnicate"], "frobnicate"),
        (["search", "embedded:x"], "query"),
        (["search", "embedded:x", "q", "-k", "0"], "-k"),
        (["search", "embedded:x", "q", "-k", "many"], "-k"),
        (["search", "embedded:x", "q", "--colour"], "--colour"),
    ]:
        wrong = run(*arguments)
        assert wrong.status == 2, wrong
        assert part in wrong.err
        assert "Traceback" not in wrong.err


def test_a_traceback_is_shown_only_with_debug(tmp_path: Path) -> None:
    run = running_in(tmp_path)
    plain = run("info", "embedded:absent")
    assert plain.status == 1
    assert "Traceback" not in plain.err
    debug = run("--debug", "info", "embedded:absent")
    assert debug.status == 1
    assert "Traceback" in debug.err
    assert "IndexNotFoundError" in debug.err
    last = run("info", "embedded:absent", "--debug")
    assert last.status == 1
    assert "Traceback" in last.err
    assert run("info", "--", "--debug").status == 1  # behind -- it is a target


def test_errors_are_one_line_without_marks(run: Run, books: str) -> None:
    wrong = run("search", books, "x", "--fusion", "rrf(k=10", "--retriever", "lexical")
    wrong.failed_with("'(' was never closed")
    assert wrong.err.count("rrf(k=10") == 2  # the setting, and an example of a right one


def test_an_index_of_another_encoder_names_both(
    run: Run, tmp_path: Path, tiny_model: Path, build_model: Callable[..., Path]
) -> None:
    other = build_model("other-mpnet", seed=7)
    source = write_lines(tmp_path / "s.jsonl", [{"id": "a", "text": "some words"}])
    target = f"embedded:{tmp_path / 'x'}"
    HybridIndex.create(target, schema=Schema(text=["text"]), encoder=str(tiny_model)).close()

    ran = run("index", "embedded:x", source, "--encoder", other)

    ran.failed_with("was made with the encoder", str(tiny_model), str(other), "index the source")


def test_search_leaves_a_record_where_it_is_told_to(run: Run, books: str, tmp_path: Path) -> None:
    asked = run("search", books, "whales", "--query-log", "queries.jsonl", "--json")
    assert asked.status == 0, asked
    (line,) = (tmp_path / "queries.jsonl").read_text(encoding="utf-8").splitlines()
    record = json.loads(line)
    assert record["query_id"] == asked.last_json["query_id"]
    assert record["query_response_hit_ids"] == [hit["id"] for hit in asked.last_json["hits"]]
    refused = run("search", books, "whales", "--query-log", "gone/queries.jsonl")
    refused.failed_with("the query log gone/queries.jsonl cannot be written")
