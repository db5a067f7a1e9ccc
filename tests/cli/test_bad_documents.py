"""`hybridsearch index` with bad documents: each is set aside with its place and a useful reason."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from command_line import Run, book, write_lines, write_schema

from hybridsearch import HybridIndex

HUGE = 20_000_000


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


def letters_of(folder: Path, counts: dict[str, Any]) -> list[dict[str, Any]]:
    lines = (folder / counts["dead_letters"]).read_bytes().splitlines()
    return [json.loads(line) for line in lines]


# Each with words of the reason that must be told, and the id that must be known.
BAD: list[tuple[Any, str | None, list[str]]] = [
    (b'{"id": "broken", "title": ', None, ["not JSON", "character"]),
    (b"not json at all", None, ["not JSON"]),
    ('{"id": "latin", "title": "caf\xe9"}'.encode("latin-1"), None, ["not UTF-8", "byte", "iconv"]),
    (b'{"id": "surrogate", "title": "\\ud800"}', None, ["not JSON"]),
    (b'{"id": "n", "title": "t", "price": NaN}', None, ["not JSON"]),
    (b"[1, 2]", None, ["must be a JSON object, not a list"]),
    (b'"text"', None, ["must be a JSON object, not a string"]),
    (b"null", None, ["must be a JSON object, not null"]),
    (b"\x00\x01\x02", None, ["not JSON"]),
    (b"[" * 5000, None, ["not JSON"]),
    ({"title": "no id"}, None, ["no id", "'id' (or '_id')", "--id"]),
    (book(1, id=None), None, ["no id"]),
    (book(1, id=17), None, ["must be a string", "17", "quotes", "--id id"]),
    (book(1, id=True), None, ["must be a string"]),
    (book(1, id=["a"]), None, ["must be a string"]),
    (book(1, id=""), "", ["id is empty"]),
    (book(1, id="x" * 600), "x" * 600, ["600 bytes", "512"]),
    (book(1, id="junk", title={"a": {"b": []}}), "junk", ["field 'title'", "string", "dict"]),
    (book(1, id="junk2", text=[["a"], {"b": 1}]), "junk2", ["field 'text'", "list of strings"]),
    ({"id": "none", "title": "", "text": None}, "none", ["no text in title, text", "no vector"]),
    ({"id": "blank", "title": " \n\t"}, "blank", ["no text in title, text"]),
    ({"id": "bare"}, "bare", ["no text in title, text"]),
    ({"id": "unvectored", "title": "t"}, "unvectored", ["field 'dense'", "no encoder"]),
    (book(1, id="y", year="MCMX"), "y", ["field 'year'", "'MCMX' is not a whole number"]),
    (book(1, id="y2", year=1.5), "y2", ["field 'year'", "not a whole number"]),
    (book(1, id="y3", year={"from": 1}), "y3", ["field 'year'"]),
    (book(1, id="p", price="NaN"), "p", ["field 'price'", "not a finite number"]),
    (book(1, id="p2", price=True), "p2", ["field 'price'", "True is not a number"]),
    (book(1, id="l", lang="x" * 40_000), "l", ["field 'lang'", "make it a text field"]),
    (book(1, id="v", dense=[1, 0, 0]), "v", ["field 'dense'", "3 numbers", "4"]),
    (book(1, id="v2", dense=[0, 0, 0, 0]), "v2", ["field 'dense'", "every number in it is 0"]),
    (book(1, id="v3", dense=[1, 1, 0, 0]), "v3", ["its length is 1.41421, not 1"]),
    (book(1, id="v4", dense="1,0,0,0"), "v4", ["field 'dense'", "list of numbers"]),
    (book(1, id="v5", dense=[[1, 0, 0, 0], [1, 0]]), "v5", ["field 'dense'"]),
    (book(1, id="v6", dense=[None, 0, 0, 1]), "v6", ["field 'dense'"]),
    (book(1, id="v7", dense=[]), "v7", ["field 'dense'"]),
    (b'{"id": %b}' % (b"[" * 1000 + b"]" * 1000), None, []),
    (b'{"id": "deep", "_op": %b}' % (b"[" * 1000 + b"]" * 1000), None, []),
    (b'{"id": "deep", "year": %b}' % (b"[" * 1000 + b"]" * 1000), None, []),
    (b'{"id": "deeper", "text": %b}' % (b"[" * 1000 + b"]" * 1000), None, []),
    (b'{"id": "v8", "title": "t", "dense": [1e999, 0, 0, 0]}', None, []),
]


def test_every_bad_document_is_set_aside_with_its_place_id_reason_and_content(
    run: Run, tmp_path: Path
) -> None:
    good = [book(position) for position in range(100, 105)]
    lines = [good[0], *(given for given, _, _ in BAD), *good[1:], good[1]]
    source = write_lines(tmp_path / "mixed.jsonl", lines)

    ran = run(
        "index", "embedded:x", source, "--schema", write_schema(tmp_path), "--encoder", "none",
        "--dead-letters", "bad/letters.jsonl", "--json",
    )  # fmt: skip

    assert ran.status == 3, ran
    counts = ran.last_json
    assert counts["dead_letters"] == "bad/letters.jsonl"
    assert counts["indexed"] == 5
    assert counts["failed"] == len(BAD)
    assert counts["indexed"] + counts["failed"] + counts["duplicates"] == len(lines)
    assert f"set aside in bad/letters.jsonl: {len(BAD)} documents" in ran.err
    letters = letters_of(tmp_path, counts)
    assert len(letters) == len(BAD)
    for line, (letter, (given, id, parts)) in enumerate(zip(letters, BAD, strict=True), start=2):
        assert set(letter) == {"place", "id", "reason", "target", "document"}
        assert letter["place"] == f"mixed.jsonl:{line}"
        if isinstance(given, dict):
            assert letter["document"] == given
            assert letter["id"] == id
        elif parts:
            assert letter["document"] == given.decode("utf-8", "replace").strip()
        for part in parts:
            assert part in letter["reason"], letter
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count() == 5


def test_vectors_of_other_lengths_are_taken_where_that_is_asked_for(
    run: Run, tmp_path: Path
) -> None:
    source = write_lines(tmp_path / "long.jsonl", [book(1, dense=[3, 0, 4, 0])])
    given = ("--schema", write_schema(tmp_path), "--encoder", "none", "--json")
    refused = run("index", "embedded:x", source, *given)
    assert "--normalise-vectors" in refused.err
    assert refused.last_json["failed"] == 1
    letters = refused.last_json["dead_letters"]
    for command in (
        ("index", "embedded:y", source, *given),
        ("sync", "embedded:x", source),
        ("retry", letters),
    ):
        ran = run(*command, "--normalise-vectors")
        assert ran.status == 0, ran
    for index in ("x", "y"):
        with HybridIndex.open(f"embedded:{tmp_path / index}") as opened:
            (only,) = opened.scan(vectors=True)
        assert np.allclose(only.vectors["dense"].vectors, [[0.6, 0, 0.8, 0]])


def test_a_source_is_not_taken_for_the_file_of_what_is_set_aside(run: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "s.jsonl", [book(1), book(2, year="unknown")])
    before = source.read_bytes()
    for command in ("index", "sync"):
        ran = run(command, "embedded:x", source, "--dead-letters", "./s.jsonl")
        ran.failed_with("s.jsonl is a source", "name another file")
    assert source.read_bytes() == before


def test_corrected_dead_letters_can_be_added_again(run: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "s.jsonl", [book(1), book(2, year="unknown")])
    command = ("index", "embedded:x")
    options = ("--schema", write_schema(tmp_path), "--encoder", "none", "--json")
    first = run(*command, source, *options)
    assert first.status == 3
    (letter,) = letters_of(tmp_path, first.last_json)

    corrected = write_lines(tmp_path / "c.jsonl", [{**letter["document"], "year": 1950}])
    second = run(*command, corrected, *options)

    assert second.status == 0, second
    assert second.last_json["dead_letters"] is None
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count() == 2


def test_the_last_of_equal_ids_wins_and_all_are_counted(run: Run, tmp_path: Path) -> None:
    near = [book(1, title="one"), book(1, title="two"), book(2), book(1, title="three")]
    # More than a batch apart as well.
    far = [book(position) for position in range(10, 1000)]
    lines = [*near, *far, book(1, title="last"), book(1, year="bad")]
    source = write_lines(tmp_path / "s.jsonl", lines)

    ran = run(
        "index", "embedded:x", source, "--schema", write_schema(tmp_path), "--encoder", "none",
        "--json",
    )  # fmt: skip

    counts = ran.last_json
    assert (counts["indexed"], counts["duplicates"], counts["failed"]) == (992, 3, 1)
    assert counts["replaced"] == 0
    assert counts["indexed"] + counts["failed"] + counts["duplicates"] == len(lines)
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count() == 992
        got = index.get("b1")
        assert got is not None
        assert got.fields["title"] == "last"


def test_unknown_fields_are_kept_and_returned_or_rejected_as_the_schema_says(
    run: Run, tmp_path: Path
) -> None:
    deep: Any = "end"
    for _ in range(100):
        deep = {"in": [deep]}
    source = write_lines(tmp_path / "s.jsonl", [book(1), book(2, colour="red", deep=deep)])

    keep = run(
        "index", "embedded:keep", source, "--schema", write_schema(tmp_path), "--encoder", "none"
    )
    assert keep.status == 0, keep
    found = run("search", "embedded:keep", "number2", "--json").last_json["hits"][0]
    assert found["fields"]["colour"] == "red"
    assert found["fields"]["deep"] == deep
    run("search", "embedded:keep", "number2", "--where", "colour == 'red'").failed_with("'colour'")

    strict = write_schema(tmp_path, unknown_fields="reject")
    reject = run(
        "index", "embedded:strict", source, "--schema", strict, "--encoder", "none", "--json"
    )
    assert reject.status == 3, reject
    (letter,) = letters_of(tmp_path, reject.last_json)
    assert "field 'colour'" in letter["reason"]
    assert 'unknown_fields="keep"' in letter["reason"]
    assert letter["document"]["deep"] == deep


def test_junk_too_deep_to_be_kept_is_set_aside_and_not_lost(run: Run, tmp_path: Path) -> None:
    deep = b'{"id": "deep", "title": "t", "junk": ' + b"[" * 900 + b"]" * 900 + b"}"
    source = write_lines(tmp_path / "s.jsonl", [book(1), deep])

    ran = run(
        "index", "embedded:x", source, "--schema", write_schema(tmp_path), "--encoder", "none",
        "--json",
    )  # fmt: skip

    assert ran.status == 3, ran
    (letter,) = letters_of(tmp_path, ran.last_json)
    assert letter["id"] == "deep"
    assert "JSON" in letter["reason"] or "no vector" in letter["reason"]
    assert letter["document"].count("[") == 900


def test_values_written_as_text_and_numbers_as_text_fields_are_read(
    run: Run, tmp_path: Path
) -> None:
    source = write_lines(
        tmp_path / "s.jsonl",
        [
            book(1, year="1950", price="2.5", lang=7),
            book(2, title=42, text=[1.5, "and more", None]),
            book(3, year=[1901, "1902", None], lang=["en", "de"], price=None),
        ],
    )

    ran = run(
        "index", "embedded:x", source, "--schema", write_schema(tmp_path), "--encoder", "none"
    )

    assert ran.status == 0, ran
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count("year == 1950 and price == 2.5 and lang == '7'") == 1
        assert index.count("year == 1902 and lang == 'de'") == 1
        assert [hit.id for hit in index.search("42").hits] == ["b2"]
        assert index.count() == 3


def test_a_text_of_twenty_megabytes_with_its_vector_is_indexed(run: Run, tmp_path: Path) -> None:
    text = ("needle " + "straw " * 10_000) * (HUGE // 60_000)
    source = write_lines(tmp_path / "s.jsonl", [book(1, text=text), book(2)])

    ran = run(
        "index", "embedded:x", source, "--schema", write_schema(tmp_path), "--encoder", "none"
    )

    assert ran.status == 0, ran
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert [hit.id for hit in index.search("needle").hits] == ["b1"]
        got = index.get("b1")
        assert got is not None
        assert got.fields["text"] == text


def test_bad_rows_of_a_table_are_set_aside_as_they_stand(run: Run, tmp_path: Path) -> None:
    long_cell = "word " * 2000
    rows = [
        "id,title,text",
        "r1,One,a text",
        f'r2,Two,"{long_cell}",extra',
        "r3,Three",
        'r4,"quoted ""x"", y","two\nlines"',
        ",Five,no id",
    ]
    data = "\n".join(rows).encode() + b"\nr6,caf\xe9,latin\nr7,Seven,good\n"
    (tmp_path / "t.csv").write_bytes(data)
    (tmp_path / "s.json").write_text('{"text": ["title", "text"], "dense": {}}')

    ran = run("index", "embedded:x", "t.csv", "--schema", "s.json", "--encoder", "none", "--json")

    assert ran.status == 3, ran
    assert (ran.last_json["indexed"], ran.last_json["failed"]) == (3, 4)
    letters = letters_of(tmp_path, ran.last_json)
    assert [letter["place"] for letter in letters] == [
        "t.csv:3", "t.csv:4", "t.csv:7", "t.csv:8",
    ]  # fmt: skip
    assert "4 cells where the header names 3 columns" in letters[0]["reason"]
    assert letters[0]["document"] == f"r2,Two,{long_cell},extra"
    assert "id is empty" in letters[2]["reason"]
    assert "not UTF-8" in letters[3]["reason"]
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        got = index.get("r4")
        assert got is not None
        assert got.fields == {"title": 'quoted "x", y', "text": "two\nlines"}
