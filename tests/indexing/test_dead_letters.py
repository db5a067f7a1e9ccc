"""The dead-letter file: what is appended to it can be read back."""

from __future__ import annotations

from pathlib import Path

from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.letter import read_letter


def test_a_line_that_a_killed_run_left_cut_off_takes_no_other_along(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    path.write_bytes(b'{"place":"s.jsonl:1","rea')
    letters = DeadLetters(path, "embedded:there")
    letters.add("s.jsonl:2", "two", "for some reason", {"id": "two"})
    letters.close()
    read = [read_letter(line) for line in path.read_bytes().splitlines()]
    assert [None if letter is None else letter.document for letter in read] == [None, {"id": "two"}]
