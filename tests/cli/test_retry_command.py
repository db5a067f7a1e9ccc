"""`hybridsearch retry`: what can be stored leaves the file of dead letters, the rest stays."""

from __future__ import annotations

import json
from pathlib import Path

from command_line import Run, book, write_lines, write_schema

from hybridsearch import HybridIndex


def corrected(letters: Path) -> None:
    """What a person does who reads the reasons."""
    lines = [json.loads(line) for line in letters.read_text().splitlines()]
    for line in lines:
        if line["id"] == "b1":
            line["document"]["year"] = 1901
    letters.write_text("".join(f"{json.dumps(line)}\n" for line in lines))


def test_what_was_corrected_is_stored_and_the_rest_stays_with_its_reason(
    run_here: Run, tmp_path: Path
) -> None:
    wrong = [{**book(1), "year": "then"}, {**book(2), "year": "never"}, book(3)]
    source = write_lines(tmp_path / "books.jsonl", wrong)
    with source.open("a") as file:
        file.write("no document\n")
    letters = tmp_path / "letters.jsonl"
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--dead-letters", letters]
    assert run_here("index", "embedded:x", source, *given).status == 3
    corrected(letters)

    ran = run_here("retry", letters, "--json")

    assert ran.status == 3, ran
    assert (ran.last_json["stored"], ran.last_json["failed"], ran.last_json["kept"]) == (1, 1, 1)
    left = [json.loads(line) for line in letters.read_text().splitlines()]
    assert sorted(line["id"] or "" for line in left) == ["", "b2"]
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count() == 2
        found = index.get("b1")
        assert found is not None
        assert found.fields["year"] == 1901


def test_what_is_older_than_what_is_stored_is_not_told_as_stored(
    run_here: Run, tmp_path: Path
) -> None:
    wrong = {**book(1), "year": "then", "_version": 3}
    source = write_lines(tmp_path / "books.jsonl", [wrong])
    newer = write_lines(tmp_path / "newer.jsonl", [{**book(1), "_version": 4}])
    letters = tmp_path / "letters.jsonl"
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--dead-letters", letters]
    assert run_here("index", "embedded:x", source, *given).status == 3
    assert run_here("index", "embedded:x", newer).status == 0
    corrected(letters)
    ran = run_here("retry", letters, "--json")
    assert (ran.last_json["stored"], ran.last_json["outdated"]) == (0, 1)
    assert "0 of 1 documents were stored; 1 were older than what is stored" in ran.err
    assert not letters.exists()


def test_a_file_that_is_empty_of_letters_goes_away(run_here: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "books.jsonl", [{**book(1), "year": "then"}, book(3)])
    letters = tmp_path / "letters.jsonl"
    given = ["--schema", write_schema(tmp_path), "--encoder", "none", "--dead-letters", letters]
    run_here("index", "embedded:x", source, *given)
    corrected(letters)
    ran = run_here("retry", letters, "embedded:x")
    assert ran.status == 0, ran
    assert not letters.exists()


def test_a_file_that_is_not_there_is_told(run_here: Run) -> None:
    run_here("retry", "nothing.jsonl", "embedded:x").failed_with("nothing.jsonl", "cannot be read")
