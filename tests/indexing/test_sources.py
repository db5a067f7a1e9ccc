"""Sources: what stands in a file becomes documents with their places, or records with reasons."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from hybridsearch.errors import SourceError
from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.open import open_sources


def records_of(*paths: Path) -> list[Located | Unreadable]:
    return list(open_sources([str(path) for path in paths]).records)


def documents_of(*paths: Path) -> list[Any]:
    records = records_of(*paths)
    assert all(isinstance(record, Located) for record in records), records
    return [record.document for record in records if isinstance(record, Located)]


def written(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_json_lines_with_a_bom_crlf_and_blank_lines(tmp_path: Path) -> None:
    data = b'\xef\xbb\xbf{"id":"a"}\r\n\r\n  \n{"id":"b"}\r\n\t{"id":"c"}  '
    records = records_of(written(tmp_path, "s.jsonl", data))
    assert records == [
        Located("s.jsonl:1", {"id": "a"}),
        Located("s.jsonl:4", {"id": "b"}),
        Located("s.jsonl:5", {"id": "c"}),
    ]


def test_lines_that_are_no_documents_keep_all_their_text(tmp_path: Path) -> None:
    long_line = b'{"id": "' + b"x" * 10_000
    data = long_line + b'\n[1]\n7\ntrue\nnull\n"s"\n\xff\xfe{}\n{"id":"ok"}\n'
    records = records_of(written(tmp_path, "s.jsonl", data))
    bad = [record for record in records if isinstance(record, Unreadable)]
    assert [record.place for record in bad] == [f"s.jsonl:{line}" for line in range(1, 8)]
    assert bad[0].raw.encode() == long_line
    for record, kind in zip(bad[1:], ("a list", "a number", "a boolean", "null", "a string")):  # noqa: B905 - the last is of another sort
        assert record.reason.startswith(f"a document must be a JSON object, not {kind}")
    assert "not UTF-8 (byte 1)" in bad[6].reason
    assert records[-1] == Located("s.jsonl:8", {"id": "ok"})


def test_line_separators_within_strings_do_not_end_a_line(tmp_path: Path) -> None:
    text = "one\u2028two\x85three"
    data = json.dumps({"id": "a", "text": text}, ensure_ascii=False).encode()
    assert documents_of(written(tmp_path, "s.jsonl", data)) == [{"id": "a", "text": text}]


def test_csv_with_a_bom_crlf_blank_lines_and_quoted_newlines(tmp_path: Path) -> None:
    data = (
        b"\xef\xbb\xbfid,title,year\r\n"
        b'a,"one, ""two""\r\nthree",1999\r\n'
        b"\r\n"
        b"b,,\r\n"
        b'c,"' + b"long " * 40_000 + b'",2000'
    )
    records = records_of(written(tmp_path, "t.csv", data))
    assert records[0] == Located(
        "t.csv:3", {"id": "a", "title": 'one, "two"\r\nthree', "year": "1999"}
    )
    assert records[1] == Located("t.csv:5", {"id": "b"})
    assert isinstance(records[2], Located)
    assert len(records[2].document["title"]) == 200_000


def test_tab_separated_values_may_hold_commas(tmp_path: Path) -> None:
    data = b"_id\ttext\na\tone, two\n"
    assert documents_of(written(tmp_path, "t.tsv", data)) == [{"_id": "a", "text": "one, two"}]


def test_csv_rows_with_a_wrong_number_of_cells_or_bad_bytes_are_unreadable(tmp_path: Path) -> None:
    data = b'id,text\na,one,"more, of it"\nb\nc,caf\xe9\nd,four\n'
    records = records_of(written(tmp_path, "t.csv", data))
    assert records[0] == Unreadable(
        "t.csv:2",
        "the row has 3 cells where the header names 2 columns",
        'a,one,"more, of it"',
    )
    assert isinstance(records[1], Unreadable)
    assert "1 cells where the header names 2 columns" in records[1].reason
    assert isinstance(records[2], Unreadable)
    assert "not UTF-8" in records[2].reason
    assert records[2].raw == "c,caf\ufffd"
    assert records[3] == Located("t.csv:5", {"id": "d", "text": "four"})


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "found nothing"),
        (b"\n\n", "found nothing"),
        (b"title,text\na,b\n", "found title, text"),
        (b"id,text,text\n", "names the column 'text' twice"),
        (b'id,text\na,"open\nb,c\n', "a quote that is not closed"),
        (b'id,text\nz,fine\na,"open\nb,c\n', "t.csv:3"),
        (b'id,"text"s\na,b\n', "t.csv:1"),
        ("id,text\n".encode("utf-16"), "not UTF-8"),
    ],
)
def test_a_table_that_cannot_be_read_says_why(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as raised:
        records_of(written(tmp_path, "t.csv", data))
    assert reason in str(raised.value)
    assert "t.csv" in str(raised.value)


def test_a_wrong_quote_spoils_its_own_row_only(tmp_path: Path) -> None:
    data = b'id,text\na,"x"y\nb,one\nc,"two\nlines" z\nd,four\ne,"caf\xe9"!'
    records = records_of(written(tmp_path, "t.csv", data))
    assert [record.place for record in records] == [
        "t.csv:2", "t.csv:3", "t.csv:5", "t.csv:6", "t.csv:7",
    ]  # fmt: skip
    wrong = [record for record in records if isinstance(record, Unreadable)]
    assert [record.raw for record in wrong] == ['a,"x"y', 'c,"two\nlines" z', 'e,"caf\ufffd"!']
    assert all("a quote within quotes twice" in record.reason for record in wrong)
    assert records[3] == Located("t.csv:6", {"id": "d", "text": "four"})


def test_the_case_of_a_file_s_ending_does_not_matter(tmp_path: Path) -> None:
    table = written(tmp_path, "T.TSV", b"id\ttext\na\tone, two\n")
    lines = written(tmp_path, "L.JSONL.GZ", gzip.compress(b'{"id": "b"}\n'))
    assert documents_of(table, lines) == [{"id": "a", "text": "one, two"}, {"id": "b"}]


@pytest.mark.parametrize("data", [b'[{"id": "a"}]', b'{\n "id": "a"\n}'])
def test_json_that_is_not_one_document_a_line_says_how_to_write_it(
    tmp_path: Path, data: bytes
) -> None:
    first = records_of(written(tmp_path, "a.json", data))[0]
    assert isinstance(first, Unreadable)
    assert "write each document on" in first.reason


def test_a_file_whose_folder_is_closed_is_a_source_error(tmp_path: Path) -> None:
    name = "x" * 300 + ".jsonl"  # any refusal of the system; permissions do not hold for root
    with pytest.raises(SourceError, match="cannot be read"):
        open_sources([str(tmp_path / name)])


def test_a_closed_standard_input_is_a_source_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(SourceError, match="standard input is closed"):
        list(open_sources(["-"]).records)


def packed(kind: str, data: bytes) -> bytes:
    return gzip.compress(data) if kind == "gz" else zstandard.ZstdCompressor().compress(data)


@pytest.mark.parametrize("kind", ["gz", "zst"])
def test_packed_files_of_several_members_are_read_whole(tmp_path: Path, kind: str) -> None:
    lines = b"".join(b'{"id":"%d","text":"%s"}\n' % (n, b"word " * n) for n in range(800))
    halves = packed(kind, lines[:100_001]) + packed(kind, b"") + packed(kind, lines[100_001:])
    documents = documents_of(written(tmp_path, f"s.jsonl.{kind}", halves))
    assert [document["id"] for document in documents] == [str(n) for n in range(800)]
    assert documents[-1]["text"] == "word " * 799


@pytest.mark.parametrize("kind", ["gz", "zst"])
@pytest.mark.parametrize("keep", [0.3, 0.9, 0.999])
def test_a_packed_file_that_was_cut_off_is_not_taken_for_whole(
    tmp_path: Path, kind: str, keep: float
) -> None:
    numbers = [str(n * n * 7919) for n in range(20_000)]
    data = packed(kind, "".join(f'{{"id":"{n}"}}\n' for n in numbers).encode())
    path = written(tmp_path, f"s.jsonl.{kind}", data[: int(len(data) * keep)])
    with pytest.raises(SourceError, match=f"s.jsonl.{kind} cannot be read"):
        records_of(path)


def test_damaged_packed_bytes_are_a_source_error(tmp_path: Path) -> None:
    data = bytearray(packed("gz", b'{"id":"a"}\n' * 1000))
    data[30] ^= 0xFF
    with pytest.raises(SourceError, match="cannot be read"):
        records_of(written(tmp_path, "s.jsonl.gz", bytes(data)))


def test_beir_metadata_never_takes_the_place_of_the_documents_own_fields(tmp_path: Path) -> None:
    line = {
        "_id": "d1",
        "title": "own",
        "metadata": {"title": "other", "id": 5, "_id": "x", "url": "u"},
    }
    folder = tmp_path / "beir"
    folder.mkdir()
    (folder / "queries.jsonl").write_text('{"_id": "q"}\n')
    (folder / "corpus.jsonl.gz").write_bytes(gzip.compress(json.dumps(line).encode()))
    assert documents_of(folder) == [{"_id": "d1", "title": "own", "url": "u"}]


def test_every_source_is_looked_for_before_any_is_read(tmp_path: Path) -> None:
    good = written(tmp_path, "s.jsonl", b'{"id":"a"}\n')
    with pytest.raises(SourceError, match="no file"):
        open_sources([str(good), str(tmp_path / "absent.jsonl")])
    with pytest.raises(SourceError, match="unknown kind"):
        open_sources([str(written(tmp_path, "s.xml", b""))])
    with pytest.raises(SourceError, match=r"no corpus\.jsonl"):
        open_sources([str(tmp_path)])


def test_reading_tells_how_far_it_is(tmp_path: Path) -> None:
    lines = b'{"id":"a"}\n' * 100_000
    source = open_sources(
        [str(written(tmp_path, "a.jsonl", lines)), str(written(tmp_path, "b.jsonl", lines))]
    )
    assert source.reading.fraction == 0.0
    told = [source.reading.fraction or 0.0 for _ in source.records]
    assert told == sorted(told)
    assert 0.4 < told[len(told) // 2] < 0.6
    assert source.reading.fraction == 1.0


def test_what_a_file_holds_is_told_by_its_size_its_time_and_where_its_ids_are(
    tmp_path: Path,
) -> None:
    """So that a run with other ids does not go on from the checkpoint of one with these."""
    path = written(tmp_path, "s.jsonl", b'{"id": "a", "isbn": "1"}\n')
    states = [open_sources([str(path)], id=id).state for id in (None, "isbn", "title", "isbn")]
    assert states[1] == states[3]
    assert len(set(states)) == 3


def test_standard_input_has_no_known_size(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(b'{"id":"a"}\n{\n'))
    monkeypatch.setattr("sys.stdin", stdin)
    source = open_sources(["-"])
    assert source.reading.fraction is None
    records = list(source.records)
    assert records[0] == Located("stdin:1", {"id": "a"})
    assert isinstance(records[1], Unreadable)
    assert records[1].place == "stdin:2"


def test_only_tables_are_untyped(tmp_path: Path) -> None:
    table = str(written(tmp_path, "t.csv.gz", packed("gz", b"id\n")))
    lines = str(written(tmp_path, "s.jsonl", b""))
    assert open_sources([table]).untyped
    assert not open_sources([table, lines]).untyped
