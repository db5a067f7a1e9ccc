"""Queries of databases as sources: on SQLite, and on a real PostgreSQL."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg import sql
from servers.postgresql import Database
from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import ConfigurationError, MissingDependencyError, SourceError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.open import open_sources

Execute = Callable[..., None]


def documents_of(source: str, query: str, **options: Any) -> list[Any]:
    records = list(open_sources([source], query=query, **options).records)
    assert all(isinstance(record, Located) for record in records)
    return [record.document for record in records if isinstance(record, Located)]


@pytest.fixture
def books(tmp_path: Path) -> Path:
    path = tmp_path / "books.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE books (id INTEGER, title TEXT, year INT, price REAL)")
        rows = [(n, f"Volume {n}", None if n == 1 else 1900 + n, n / 2) for n in range(3)]
        connection.executemany("INSERT INTO books VALUES (?, ?, ?, ?)", rows)
    return path


@pytest.fixture
def execute(postgresql: Database, monkeypatch: pytest.MonkeyPatch) -> Iterator[Execute]:
    """Executes statements in a schema of this test's own, which its queries then see too."""
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    name = f"schema_{uuid.uuid4().hex}"
    monkeypatch.setenv("PGOPTIONS", f"-c search_path={name}")
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name)))

        def run(statement: str, *values: Any) -> None:
            connection.execute(statement.encode(), values or None)

        yield run


@pytest.mark.parametrize("form", ["sqlite:{}", "sqlite:///{}", "sql:sqlite:///{}"])
def test_a_row_is_a_document_without_its_nulls(books: Path, form: str) -> None:
    found = documents_of(form.format(books), "SELECT * FROM books ORDER BY id")
    assert found == [
        {"id": "0", "title": "Volume 0", "year": 1900, "price": 0.0},
        {"id": "1", "title": "Volume 1", "price": 0.5},
        {"id": "2", "title": "Volume 2", "year": 1902, "price": 1.0},
    ]


def test_places_name_the_database_and_the_row(books: Path) -> None:
    source = open_sources([f"sqlite:{books}"], query="SELECT * FROM books")
    places = [record.place for record in source.records]
    assert places[:2] == [f"sqlite:///{books} row 1", f"sqlite:///{books} row 2"]
    assert source.reading.fraction is None
    assert not source.untyped


def test_any_column_can_hold_the_ids(books: Path) -> None:
    query = "SELECT title, id AS number FROM books WHERE id = 2"
    assert documents_of(f"sqlite:{books}", query, id="title") == [{"id": "Volume 2", "number": 2}]
    with_own = documents_of(f"sqlite:{books}", "SELECT * FROM books WHERE id = 0", id="title")
    assert with_own == [{"id": "Volume 0", "year": 1900, "price": 0.0}]


def test_a_query_is_sent_as_it_is_written(books: Path) -> None:
    query = "SELECT '1' AS id, '100 %s :name a:b {x} %' AS text, 7 % 4 AS rest"
    assert documents_of(f"sqlite:{books}", query) == [
        {"id": "1", "text": "100 %s :name a:b {x} %", "rest": 3}
    ]


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("SELECT * FROM bokks", ["no such table: bokks", "the tables there are: books"]),
        ("SELECT title FROM books", ["no column 'id', but title", "--id COLUMN"]),
        ("SELECT id, title, title FROM books", ["two columns called 'title'", "AS"]),
        ("DELETE FROM books", ["gives no rows", "SELECT"]),
        ("SELEC 1", ['near "SELEC": syntax error']),
    ],
)
def test_a_query_that_cannot_be_answered_says_why(
    books: Path, query: str, parts: list[str]
) -> None:
    with pytest.raises(SourceError) as raised:
        documents_of(f"sqlite:{books}", query)
    assert all(part in str(raised.value) for part in parts), raised.value
    assert len(documents_of(f"sqlite:{books}", "SELECT * FROM books")) == 3


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"there is no file .*absent\.db"):
        open_sources([f"sqlite:{tmp_path / 'absent.db'}"], query="SELECT 1")
    assert not (tmp_path / "absent.db").exists()
    (tmp_path / "other.db").write_text("not a database, and longer than a header" * 10)
    with pytest.raises(SourceError, match="file is not a database"):
        documents_of(f"sqlite:{tmp_path / 'other.db'}", "SELECT * FROM books")


def test_what_is_wrong_with_an_address_is_said_without_its_password(books: Path) -> None:
    cases = [
        (f"sqlite:{books}", None, "say what to read with --query"),
        ("postgresql://ann:secret@host:port/x", "SELECT 1", "cannot be read"),
        ("postgresql://ann:sec@ret@host/x?sslmode=no", None, "say what to read with --query"),
        ("sql:nothing://ann:secret@host/x", "SELECT 1", "knows no database 'nothing'"),
        ("sql:oracle://ann:secret@host/x", "SELECT 1", "needs the driver 'oracledb'"),
    ]
    for source, query, told in cases:
        with pytest.raises(ConfigurationError) as raised:
            open_sources([source], query=query)
        assert told in str(raised.value)
        assert "secret" not in str(raised.value)
        assert "sec@ret" not in str(raised.value)


def test_without_the_package_the_extra_is_named(
    books: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    with pytest.raises(MissingDependencyError, match=r"hybridsearch\[sql\]"):
        open_sources([f"sqlite:{books}"], query="SELECT 1")


def test_every_type_of_postgresql_becomes_what_fields_accept(
    postgresql: Database, execute: Execute
) -> None:
    execute(
        """CREATE TABLE things AS SELECT
        '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid AS id, 7::bigint AS number,
        12.50::numeric(10, 2) AS price, 12::numeric AS whole, true AS sold,
        date '2024-02-29' AS day, timestamp '2024-02-29 12:30:00.25' AS moment,
        timestamptz '2024-02-29 12:30:00+01' AS zoned, time '12:30' AS hour,
        ARRAY['en', 'de'] AS lang, ARRAY[1.5, 2]::numeric[] AS prices,
        '{"a": [1, null], "b": "x"}'::jsonb AS extra, '10.0.0.1'::inet AS host,
        interval '1 day 2 hours' AS span, NULL::text AS nothing, '\\x0102'::bytea AS raw"""
    )
    (found,) = documents_of(postgresql.url, "SELECT * FROM things")
    assert found.pop("zoned") in {"2024-02-29T11:30:00+00:00", "2024-02-29T12:30:00+01:00"}
    assert found == {
        "id": "6ba7b810-9dad-11d1-80b4-00c04fd430c8",
        "number": 7,
        "price": 12.5,
        "whole": 12,
        "sold": True,
        "day": "2024-02-29",
        "moment": "2024-02-29T12:30:00.250000",
        "hour": "12:30:00",
        "lang": ["en", "de"],
        "prices": [1.5, 2],
        "extra": {"a": [1, None], "b": "x"},
        "host": "10.0.0.1",
        "span": "1 day, 2:00:00",
        "raw": b"\x01\x02",
    }


@pytest.mark.parametrize("kind", ["bytea", "real[]", "text"])
def test_vectors_of_a_table_are_given_vectors(
    postgresql: Database, execute: Execute, tmp_path: Path, kind: str
) -> None:
    vectors = random_units(30, dims=16, seed=2)
    execute(f"CREATE TABLE books (id int, title text, dense {kind})")
    for number, row in enumerate(vectors):
        written: Any = row.astype("<f4").tobytes() if kind == "bytea" else row.tolist()
        if kind == "text":  # as pgvector gives it
            written = "[" + ",".join(f"{x:.9g}" for x in row) + "]"
        execute("INSERT INTO books VALUES (%s, %s, %s)", number, f"t{number}", written)
    query = "SELECT * FROM books ORDER BY id"
    source = open_sources([postgresql.url], query=query)
    schema = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 16}})
    if kind != "bytea":
        guessed = Schema.infer(documents_of(postgresql.url, query))
        assert guessed.dense["dense"].dims == 16
    with HybridIndex.create(f"embedded:{tmp_path / 'x'}", schema=schema, encoder=None) as index:
        assert index.add(source.records).indexed == 30
        found = {d.id: d.vectors["dense"].vectors[0] for d in index.scan(vectors=True)}
    for number, row in enumerate(vectors):
        np.testing.assert_allclose(found[str(number)], row, atol=1e-6)


def test_what_postgresql_refuses_is_told_and_passwords_are_not(
    postgresql: Database, execute: Execute, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute("CREATE TABLE books AS SELECT 1 AS id")
    with pytest.raises(SourceError, match='relation "bokks" does not exist; the tables there'):
        documents_of(postgresql.url, "SELECT * FROM bokks")
    with pytest.raises(SourceError, match="no column 'id', but title"):
        documents_of(postgresql.url, "SELECT 'x' AS title")
    assert documents_of(postgresql.url, "SELECT 7 % 4 AS id, '%s:x' AS text") == [
        {"id": "3", "text": "%s:x"}
    ]
    with_password = postgresql.url.replace("ann@", "ann:se%3Acr%40t%2Fword@")
    assert "***" in open_sources([with_password], query="SELECT 1 AS id").name
    monkeypatch.delenv("PGPASSWORD")
    assert documents_of(with_password, "SELECT 1 AS id") == [{"id": "1"}]
    for wrong in (postgresql.url, postgresql.url.replace("ann@", "ann:wrong-secret@")):
        with pytest.raises(SourceError, match="PGPASSWORD") as raised:
            documents_of(wrong, "SELECT 1 AS id")
        assert "wrong-secret" not in str(raised.value)
        assert "password" in str(raised.value)


def test_a_query_changes_nothing(postgresql: Database, execute: Execute) -> None:
    execute("CREATE TABLE books AS SELECT 1 AS id")
    with pytest.raises(SourceError):
        documents_of(postgresql.url, "DELETE FROM books RETURNING id")
    assert documents_of(postgresql.url, "SELECT * FROM books") == [{"id": "1"}]


STREAM = """
import resource, sys
from hybridsearch.indexing.sources.open import open_sources
source = open_sources([sys.argv[1]], query=sys.argv[2])
count = sum(1 for _ in source.records)
print(count, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.parametrize("product", ["sqlite", "postgresql"])
def test_a_long_result_takes_no_more_memory_than_a_short_one(
    request: pytest.FixtureRequest, books: Path, product: str
) -> None:
    if product == "sqlite":
        source = f"sqlite:{books}"
        numbers = "WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n LIMIT {}) "
        query = numbers + "SELECT id, printf('%.1000d', id) AS text FROM n"
    else:
        request.getfixturevalue("execute")
        source = request.getfixturevalue("postgresql").url
        query = "SELECT id, repeat('x', 1000) AS text FROM generate_series(1, {}) AS id"
    peaks = {}
    for rows in (5_000, 100_000):
        done = subprocess.run(
            [sys.executable, "-c", STREAM, source, query.format(rows)],
            capture_output=True,
            text=True,
            check=True,
        )
        count, peaks[rows] = map(int, done.stdout.split())
        assert count == rows
    assert peaks[100_000] < 1.1 * peaks[5_000] + 5_000  # kB; whole, the rows are 100 MB
