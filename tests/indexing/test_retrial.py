"""Sending dead letters again: what the file holds meanwhile and afterwards."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vectors import random_units

from hybridsearch import Document, HybridIndex, Schema
from hybridsearch.engines.calls import PassageVectors
from hybridsearch.errors import SourceError
from hybridsearch.indexing import letter
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.retrial import Retrial

SCHEMA = Schema(
    text=["text"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["text"], "dims": 8}},
)


def set_aside(path: Path, *documents: Any) -> None:
    letters = DeadLetters(path, "embedded:there")
    for number, document in enumerate(documents):
        letters.add(f"s.jsonl:{number}", None, "for some reason", document)
    letters.close()


def test_a_retry_that_ends_midway_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, *({"id": f"d{n}", "text": "word"} for n in range(3)))
    before = path.read_bytes()
    retrial = Retrial(path)
    records = retrial.records(())
    assert next(records).place == "s.jsonl:0"
    set_aside(retrial.refused, {"id": "d0"})
    assert path.read_bytes() == before


def test_what_a_retry_that_ended_midway_left_beside_the_file_is_not_doubled(
    tmp_path: Path,
) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"})
    set_aside(Retrial(path).refused, {"id": "one", "text": "word"})
    retrial = Retrial(path)
    list(retrial.records(()))
    set_aside(retrial.refused, {"id": "one", "text": "word"})
    retrial.finish()
    assert len(path.read_bytes().splitlines()) == 1


def test_letters_that_others_append_meanwhile_stay(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"})
    retrial = Retrial(path)
    set_aside(path, {"id": "two", "text": "word"})
    assert [record.document["id"] for record in retrial.records(())] == ["one"]
    retrial.finish()
    assert [json.loads(line)["document"]["id"] for line in path.read_bytes().splitlines()] == [
        "two"
    ]


@pytest.mark.parametrize("again", [True, False])
def test_a_run_that_goes_on_writes_to_the_file_that_a_retry_leaves(
    tmp_path: Path, again: bool
) -> None:
    """Where a letter is set aside once more, and where none is."""
    path = tmp_path / "letters.jsonl"
    running = DeadLetters(path, "embedded:there")
    running.add("s.jsonl:1", "one", "for some reason", {"id": "one"})
    retrial = Retrial(path)
    list(retrial.records(()))
    running.add("s.jsonl:2", "two", "for some reason", {"id": "two"})
    if again:
        set_aside(retrial.refused, {"id": "one"})
    retrial.finish()
    running.add("s.jsonl:3", "three", "for some reason", {"id": "three"})
    running.close()
    kept = [json.loads(line)["document"]["id"] for line in path.read_bytes().splitlines()]
    assert kept == [*(["one"] if again else []), "two", "three"]


def test_a_last_line_without_its_end_stays_a_line_of_its_own(tmp_path: Path) -> None:
    """As an editor may leave it in a file that was corrected."""
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"}, "no document")
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    retrial = Retrial(path)
    assert [record.document["id"] for record in retrial.records(())] == ["one"]
    set_aside(retrial.refused, {"id": "one", "text": "word"})
    retrial.finish()
    kept = [json.loads(line)["document"] for line in path.read_bytes().splitlines()]
    assert kept == ["no document", {"id": "one", "text": "word"}]


def test_a_line_that_others_are_just_appending_stays_whole(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"})
    line = path.read_bytes()
    path.write_bytes(line + line[:30])
    retrial = Retrial(path)
    list(retrial.records(()))
    with path.open("ab") as file:
        file.write(line[30:])
    set_aside(retrial.refused, {"id": "two"})
    retrial.finish()
    kept = [json.loads(line)["document"]["id"] for line in path.read_bytes().splitlines()]
    assert kept == ["two", "one"]


def test_documents_that_were_not_kept_as_given_are_not_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(letter, "LONGEST_DOCUMENT", 100)
    path = tmp_path / "letters.jsonl"
    set_aside(
        path,
        {"id": "large", "text": "x" * 200},
        {"id": "set", "text": {"a", "b"}},
        {"id": "nan", "text": "x", "price": [1.0, float("nan")]},
        {"id": "infinite", "dense": np.array([np.inf])},
        "no document",
        {"id": "good", "text": "x"},
    )
    with path.open("ab") as file:
        file.write(b"no letter\n")
    retrial = Retrial(path)
    assert [record.document["id"] for record in retrial.records(())] == ["good"]
    assert len(retrial.kept) == 6
    retrial.finish()
    assert len(path.read_bytes().splitlines()) == 6
    assert sorted(file.name for file in tmp_path.iterdir()) == ["letters.jsonl"]


def test_vectors_come_back_with_their_places(tmp_path: Path) -> None:
    placed = PassageVectors(np.array([[0, 4], [2, 9]], np.int32), random_units(2))
    given = Document("one", {"text": "some words", "year": "bad"}, {"dense": placed})
    path = tmp_path / "letters.jsonl"
    with HybridIndex.create(f"embedded:{tmp_path / 'x'}", schema=SCHEMA, encoder=None) as index:
        assert index.add([given], dead_letters=path).failed == 1
        path.write_text(path.read_text().replace('"bad"', "1999"))
        retrial = Retrial(path)
        assert retrial.targets == {f"embedded:{tmp_path / 'x'}"}
        report = index.add(retrial.records(SCHEMA.dense), dead_letters=retrial.refused)
        assert (report.indexed, report.failed) == (1, 0)
        retrial.finish()
        assert not path.exists()
        (found,) = index.scan(vectors=True)
        assert found.fields == {"text": "some words", "year": 1999}
        np.testing.assert_array_equal(found.vectors["dense"].spans, placed.spans)
        np.testing.assert_array_equal(found.vectors["dense"].vectors, placed.vectors)


@pytest.mark.parametrize("spans", ["[0,4,2]", '["a","b"]', "[[0],[1,2]]", "[[0,99999999999]]"])
def test_places_that_are_none_are_set_aside_and_do_not_end_the_retry(
    tmp_path: Path, spans: str
) -> None:
    given = Document("one", {"text": "words", "year": "bad"}, {"dense": random_units(2)})
    path = tmp_path / "letters.jsonl"
    with HybridIndex.create(f"embedded:{tmp_path / 'x'}", schema=SCHEMA, encoder=None) as index:
        assert index.add([given], dead_letters=path).failed == 1
        found = json.loads(path.read_bytes())
        placed = {"spans": json.loads(spans), "vectors": found["document"]["dense"]}
        found["document"] |= {"dense": placed, "year": 1999}
        path.write_text(json.dumps(found))
        retrial = Retrial(path)
        report = index.add(retrial.records(SCHEMA.dense), dead_letters=retrial.refused)
        assert (report.indexed, report.failed) == (0, 1)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Retrial(tmp_path / "none.jsonl")


def test_a_letter_does_not_go_on_with_a_line_that_was_not_written_whole(tmp_path: Path) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"})
    path.write_bytes(path.read_bytes() + b'{"place": "ha')

    set_aside(path, {"id": "two", "text": "word"})

    retrial = Retrial(path)
    assert [record.document["id"] for record in retrial.records(())] == ["one", "two"]
    assert retrial.kept == [b'{"place": "ha\n']


def test_a_letter_that_is_refused_again_does_not_go_on_with_such_a_line_either(
    tmp_path: Path,
) -> None:
    path = tmp_path / "letters.jsonl"
    set_aside(path, {"id": "one", "text": "word"})
    path.write_bytes(path.read_bytes() + b'{"place": "ha')
    retrial = Retrial(path)
    list(retrial.records(()))
    set_aside(retrial.refused, {"id": "one", "text": "word"})

    retrial.finish()

    again = Retrial(path)
    assert [record.document["id"] for record in again.records(())] == ["one"]
