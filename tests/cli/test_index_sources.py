"""`hybridsearch index`: every kind of source ends up in the index, and the counts are told."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from pathlib import Path

import pytest
import zstandard
from command_line import SCRIPT, Run, book, write_lines, write_schema

from hybridsearch import HybridIndex


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


@pytest.fixture
def schema_file(tmp_path: Path) -> Path:
    return write_schema(tmp_path)


def lines_of(count: int) -> bytes:
    return b"".join(json.dumps(book(position)).encode() + b"\n" for position in range(count))


def test_json_lines_are_indexed_counted_and_replaced_by_a_second_run(
    run: Run, tmp_path: Path, schema_file: Path
) -> None:
    source = write_lines(tmp_path / "books.jsonl", [book(position) for position in range(10)])
    command = ("index", "embedded:books", source, "--encoder", "none", "--json")

    first = run(*command, "--schema", schema_file)

    assert first.status == 0, first
    assert len(first.out.splitlines()) == 1
    assert first.last_json["seconds"] >= 0
    assert {key: first.last_json[key] for key in first.last_json if key != "seconds"} == {
        "indexed": 10,
        "updated": 0,
        "deleted": 0,
        "outdated": 0,
        "failed": 0,
        "passages": 10,
        "replaced": 0,
        "duplicates": 0,
        "reused": 0,
        "cached": 0,
        "exact": True,
        "resumed": 0,
        "dead_letters": None,
    }
    assert "10 documents indexed (10 passages)" in first.err

    write_lines(source, [book(position, title="Second printing") for position in range(12)])
    second = run(*command)

    assert second.status == 0, second
    assert second.last_json["indexed"] == 12
    assert second.last_json["replaced"] == 10
    with HybridIndex.open(f"embedded:{tmp_path / 'books'}") as index:
        assert index.count() == 12
        got = index.get("b3")
        assert got is not None
        assert got.fields["title"] == "Second printing"
        assert index.search("volume", retrievers=["lexical"]).hits == ()


@pytest.mark.parametrize("name", ["books.jsonl.gz", "books.jsonl.zst", "books.ndjson", "-"])
def test_packed_files_and_standard_input_give_the_same_documents(
    run: Run, tmp_path: Path, schema_file: Path, name: str
) -> None:
    content = lines_of(6)
    stdin = content if name == "-" else b""
    if name.endswith(".gz"):
        content = gzip.compress(content[:500]) + gzip.compress(content[500:])
    elif name.endswith(".zst"):
        pack = zstandard.ZstdCompressor()
        content = pack.compress(content[:500]) + pack.compress(content[500:])
    if name != "-":
        (tmp_path / name).write_bytes(content)

    ran = run(
        "index", "embedded:x", name, "--schema", schema_file, "--encoder", "none", "--json",
        stdin=stdin,
    )  # fmt: skip

    assert ran.status == 0, ran
    assert ran.last_json["indexed"] == 6
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count("year >= 1903") == 3


@pytest.mark.parametrize(
    ("name", "delimiter"), [("t.csv", ","), ("t.tsv", "\t"), ("t.csv.gz", ",")]
)
def test_tables_are_read_with_guessed_types(
    run: Run, tmp_path: Path, name: str, delimiter: str
) -> None:
    rows = [["id", "title", "text", "year", "price", "sku", "lang"]]
    rows += [
        [f"r{i}", f"Item {i}", f"a long word {i}", str(1990 + i), f"{i}.5", f"00{i}", "en"]
        for i in range(5)
    ]
    content = "\ufeff" + "\r\n".join(delimiter.join(row) for row in rows) + "\r\n"
    data = content.encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith(".gz") else data)

    assert run("schema", name, "--output", "s.json").err == "written to s.json\n"
    guessed = json.loads((tmp_path / "s.json").read_text())
    (tmp_path / "s.json").write_text(json.dumps({**guessed, "dense": {}}))
    ran = run("index", "embedded:x", name, "--schema", "s.json", "--encoder", "none", "--json")

    assert ran.status == 0, ran
    assert ran.last_json["indexed"] == 5
    assert set(guessed["text"]) == {"title", "text"}
    assert {name: field["type"] for name, field in guessed["metadata"].items()} == {
        "year": "integer",
        "price": "float",
        "sku": "keyword",
        "lang": "keyword",
    }
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count("year > 1992 and price < 4 and sku == '003'") == 1


def test_beir_folder_has_its_metadata_object_flattened(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "nfcorpus"
    folder.mkdir()
    write_lines(
        folder / "corpus.jsonl",
        [
            {"_id": "MED-1", "title": "t", "text": "statins", "metadata": {"url": "u1", "id": 7}},
            {"_id": "MED-2", "title": "t", "text": "vitamins", "metadata": {"url": "u2"}},
            {"_id": "MED-3", "title": "t", "text": "fibre", "metadata": {}},
        ],
    )
    schema = {"text": ["title", "text"], "metadata": {"url": "keyword"}, "dense": {}}
    (tmp_path / "s.json").write_text(json.dumps(schema))

    ran = run("index", "embedded:x", folder, "--schema", "s.json", "--encoder", "none", "--json")

    assert ran.status == 0, ran
    assert ran.last_json["indexed"] == 3
    assert ran.last_json["passages"] == 0
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count("url == 'u2'") == 1
        got = index.get("MED-1")
        assert got is not None
        assert got.fields["url"] == "u1"
        assert "metadata" not in got.fields


def test_several_sources_are_read_one_after_the_other(
    run: Run, tmp_path: Path, schema_file: Path
) -> None:
    one = write_lines(tmp_path / "one.jsonl", [book(1), book(2)])
    two = write_lines(tmp_path / "two.jsonl", [book(2, title="Later"), b"{", book(3)])

    ran = run(
        "index", "embedded:x", one, two, "--schema", schema_file, "--encoder", "none", "--json"
    )

    assert ran.status == 3, ran
    counts = ran.last_json
    assert (counts["indexed"], counts["duplicates"], counts["failed"]) == (3, 1, 1)
    assert "1 id came again, the last was kept" in ran.err
    letter = json.loads((tmp_path / counts["dead_letters"]).read_text())
    assert letter["place"] == "two.jsonl:2"
    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        got = index.get("b2")
        assert got is not None
        assert got.fields["title"] == "Later"


@pytest.mark.parametrize("dry", [True, False])
def test_a_sync_tells_that_ids_came_again(
    run: Run, tmp_path: Path, schema_file: Path, dry: bool
) -> None:
    one = write_lines(tmp_path / "one.jsonl", [book(1), book(2)])
    again = write_lines(tmp_path / "again.jsonl", [book(2, title="Later"), book(3)])
    given = ("--schema", schema_file, "--encoder", "none")
    assert run("index", "embedded:x", one, *given).status == 0
    ran = run("sync", "embedded:x", one, again, "--json", *(["--dry-run"] if dry else []))
    assert ran.status == 0, ran
    counts = ran.last_json
    told = (counts["added"], counts["changed"], counts["unchanged"], counts["duplicates"])
    assert told == (1, 1, 1, 1)
    assert "1 id came again, the last was kept" in ran.err


def test_adding_with_another_schema_is_refused_and_with_the_same_is_not(
    run: Run, tmp_path: Path, schema_file: Path
) -> None:
    source = write_lines(tmp_path / "books.jsonl", [book(1)])
    command = ("index", "embedded:x", source, "--encoder", "none", "--schema", schema_file)
    assert run(*command).status == 0
    assert run(*command).status == 0
    other = json.loads(schema_file.read_text())
    other["metadata"]["year"] = "float"
    schema_file.write_text(json.dumps(other))

    run(*command).failed_with("exists with another schema", "leave --schema out")


@pytest.mark.parametrize(
    ("name", "content", "parts"),
    [
        ("absent.jsonl", None, ["there is no file absent.jsonl"]),
        ("books.xml", b"<x/>", ["unknown kind of file", ".jsonl or .csv"]),
        ("empty.jsonl", b"", ["no documents", "empty.jsonl"]),
        ("all-bad.jsonl", b"{\n[]\n", ["all-bad.jsonl:1", "not JSON"]),
        ("array.json", b'[\n{"id": "a"}\n]\n', ["array.json:1"]),
        ("no-id.csv", b"name,text\na,b\n", ["first row must name the columns", "name, text"]),
        ("nothing.csv", b"", ["first row must name the columns"]),
        ("quote.csv", b'"id,text\na,b\n', ["quote.csv", "quote"]),
        ("cut.jsonl.gz", gzip.compress(lines_of(500))[:-200], ["cut.jsonl.gz", "cannot be read"]),
        ("not.jsonl.gz", b"plain text", ["not.jsonl.gz", "cannot be read"]),
        (
            "cut.jsonl.zst",
            zstandard.ZstdCompressor().compress(lines_of(500))[:-50],
            ["cut.jsonl.zst", "cannot be read"],
        ),
        ("not.jsonl.zst", b"plain text", ["not.jsonl.zst", "cannot be read"]),
    ],
)
def test_a_source_that_cannot_be_read_is_named_with_the_reason(
    run: Run, tmp_path: Path, name: str, content: bytes | None, parts: list[str]
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    run("index", "embedded:x", name, "--encoder", "none").failed_with(*parts)

    assert not (tmp_path / "x").exists()


def test_a_folder_without_a_corpus_says_what_is_missing(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    run("index", "embedded:x", "empty", "--encoder", "none").failed_with("no corpus.jsonl")


@pytest.mark.skipif(os.name != "posix", reason="there are no pseudo-terminals")
def test_a_source_that_is_long_in_coming_is_seen_to_be_read(tmp_path: Path) -> None:
    """A new index without a schema waits for the first records."""
    terminal, stderr = os.openpty()
    command = [str(SCRIPT), "index", "embedded:x", "-", "--encoder", "none"]
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stderr=stderr,
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
        env={**os.environ, "TERM": "xterm", "HF_HUB_OFFLINE": "1"},
    ) as process:
        os.close(stderr)
        assert process.stdin is not None
        process.stdin.write(lines_of(3))
        process.stdin.flush()
        shown = b""
        while b"3/1000" not in shown:
            shown += os.read(terminal, 4096)
        assert b"looking at the first records" in shown
        process.kill()
        process.stdin.close()
    os.close(terminal)


@pytest.mark.skipif(os.name != "posix", reason="names of files are text here")
def test_a_file_whose_name_is_not_utf8_is_indexed_and_has_a_checkpoint(
    run: Run, tmp_path: Path, schema_file: Path
) -> None:
    """A record that is set aside has the checkpoint written at once."""
    source = tmp_path / os.fsdecode(b"caf\xe9.jsonl")
    source.write_bytes(lines_of(3) + b"no document\n")
    command = ("index", "embedded:books", source, "--encoder", "none", "--schema", schema_file)
    ran = run(*command, "--json")
    assert ran.status == 3, ran
    assert ran.last_json["indexed"] == 3
