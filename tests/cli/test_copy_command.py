"""`hybridsearch copy`: what it prints, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run, book, write_lines, write_schema
from servers.ask import ask

from hybridsearch import HybridIndex


@pytest.fixture
def books(run_here: Run, tmp_path: Path) -> str:
    """An index of six books."""
    source = write_lines(tmp_path / "books.jsonl", [book(position) for position in range(6)])
    given = ("--schema", write_schema(tmp_path), "--encoder", "none")
    assert run_here("index", "embedded:books", source, *given).status == 0
    return "embedded:books"


def test_a_copy_tells_what_it_did(run_here: Run, books: str) -> None:
    first = run_here("copy", books, "embedded:copy", "--json")
    assert first.status == 0, first
    told = first.last_json
    assert told.pop("seconds") >= 0
    assert told == {
        "documents": 6, "copied": 6, "failed": 0, "passages": 6, "dead_letters": None,
    }  # fmt: skip
    assert "6 documents copied (6 passages) in" in first.err
    second = run_here("copy", books, "embedded:copy")
    assert second.status == 0, second
    assert "0 documents copied" in second.err
    assert "6 were there already" in second.err
    shown, other = (
        run_here("search", target, "number2 whales", "--json").last_json["hits"]
        for target in (books, "embedded:copy")
    )
    assert shown == other
    assert shown[0]["id"] == "b2"


def test_settings_are_for_a_server(run_here: Run, books: str, target: str) -> None:
    run_here("copy", books, "embedded:copy", "--set", "shards=2").failed_with("engines on servers")
    run_here("copy", books, target, "--set", "shard=2").failed_with("did you mean 'shards'")
    copied = run_here("copy", books, target, "--set", "shards=2", "--set", "replicas=0")
    assert copied.status == 0, copied
    (made,) = ask("GET", f"http:{target.partition(':')[2]}").values()
    assert made["settings"]["index"]["number_of_shards"] == "2"
    back = run_here("copy", target, "embedded:back", "--json")
    assert back.last_json["copied"] == 6, back


def test_what_cannot_be_copied_is_told_in_one_line(run_here: Run, books: str) -> None:
    run_here("copy", books, books).failed_with("onto itself")
    run_here("copy", "embedded:absent", "embedded:copy").failed_with("there is no index")
    run_here("copy", books, "nowhere").failed_with("is not a target")
    assert run_here("copy", books, "embedded:copy").status == 0
    with HybridIndex.open("embedded:copy") as index:
        index.add([book(99)])
    run_here("copy", books, "embedded:copy").failed_with("holds 7 documents")
