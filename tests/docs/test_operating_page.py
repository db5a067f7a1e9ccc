"""docs/operating.md from top to bottom, on real servers."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from pages import ROOT, run
from servers.ask import RefusedError, ask
from servers.fault_proxy import fault_proxy
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.backfilling import backfill
from hybridsearch.wiring.copying import copy_index

TEXT = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")
PRODUCTS = ["elasticsearch", "opensearch"]
# Of these each product has one.
OF_ONE = {"_stats/dense_vector": "elasticsearch", "_plugins/_knn": "opensearch"}
SCHEMA = {
    "text": ["title"],
    "metadata": {"year": "integer"},
    "dense": {"dense": {"embeds": ["title"], "dims": 4}},
}
BOOKS = [
    {"id": "whale", "title": "whales and their songs", "year": 2021, "dense": [1, 0, 0, 0]},
    {"id": "figs", "title": "a garden of figs", "year": 2022, "dense": [0, 1, 0, 0]},
]
TITLE = {"type": "text"}
SPRING = {"id": "spring", "title": "the first days", "year": "in spring", "dense": [0, 0, 1, 0]}


@pytest.fixture(params=PRODUCTS)
def server(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[tuple[str, str]]:
    """A product and its server's URL, where afterwards nothing of the page is left."""
    url = server_url(request.param)
    yield request.param, url
    made = ask("GET", f"{url}/books*,restored-books*/_alias")
    ask("DELETE", f"{url}/{','.join(made)}")
    for place in ("nightly/books-1", "nightly"):
        with suppress(RefusedError):
            ask("DELETE", f"{url}/_snapshot/{place}")


def write(path: Path, documents: Iterable[Mapping[str, object]]) -> None:
    path.write_text("".join(json.dumps(each) + "\n" for each in documents), encoding="utf-8")


@pytest.mark.slow
def test_the_page_does_what_it_says(server: tuple[str, str], tmp_path: Path) -> None:
    product, url = server
    there = f"{product}:{url.removeprefix('http:')}"
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA), encoding="utf-8")
    write(tmp_path / "books.jsonl", [*BOOKS, SPRING])
    write(tmp_path / "first.jsonl", BOOKS)
    begin = "index {}/books first.jsonl --schema schema.json --encoder none --set replicas=0"
    run(["hybridsearch", *begin.format(there).split()], tmp_path)

    text = TEXT.replace("elasticsearch://localhost:9200", there)
    text = text.replace("http://localhost:9200", url)
    done = []
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        if any(part in block and product != its for part, its in OF_ONE.items()):
            continue
        done.append(language)
        if language == "sh":
            for line in block.splitlines():
                run(["sh", "-c", f"no_proxy='*' {line}"], tmp_path)
        elif language == "console":
            for line, said in re.findall(r"^\$ (.*)\n((?:[^$].*\n)*)", block, re.MULTILINE):
                assert run(["sh", "-c", line], tmp_path) == said, line
    assert (done.count("sh"), done.count("console")) == (4, 5)

    for place in re.findall(r"`GET (/[^`]+)`", text.partition("\n## Privileges")[0]):
        if "allocation/explain" not in place:  # which is refused where every shard is somewhere
            run(["curl", "-sS", "--noproxy", "*", "--fail-with-body", f"{url}{place}"], tmp_path)
    for name in ("books", "restored-books-000002", "books-again"):
        with HybridIndex.open(f"{there}/{name}") as index:
            assert index.get("spring") is not None, name
            assert index.search("whales", retrievers=["lexical"]).hits[0].id == "whale"
    assert not (tmp_path / "aside.jsonl").exists()


def requests_told(task: str) -> set[str]:
    """What the page says that a task asks for."""
    (row,) = re.findall(rf"^\| {task} \|((?: `[A-Z]+ /[^|]*))\|$", TEXT, re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", row))


@pytest.mark.slow
@pytest.mark.parametrize("product", PRODUCTS)
def test_tasks_ask_for_what_the_page_says(
    product: str, server_url: ServerUrl, tmp_path: Path, tiny: Encoder
) -> None:
    url, name = server_url(product), f"books-{uuid.uuid4().hex}"
    schema = Schema(text=["title"], dense={"dense": {"embeds": ["title"]}})
    books = [{"id": "whale", "title": "a whale"}, {"id": "figs", "title": "a garden of figs"}]
    asked = {}
    with fault_proxy(url) as proxy:

        def noted(task: str) -> None:
            paths = ((each.method, each.path.partition("?")[0]) for each in proxy.requests)
            asked[task] = {
                f"{m} {path.replace(f'{name}-theirs', 'books').replace(name, 'books')}"
                for m, path in paths
            }
            proxy.requests.clear()

        target = f"{product}:{proxy.url.removeprefix('http:')}/{name}"
        HybridIndex.create(target, schema=schema, encoder=tiny, settings={"replicas": 0}).close()
        noted("make an index")
        for _ in range(2):
            with HybridIndex.open(target, encoder=tiny) as index:
                index.add(books, checkpoint=tmp_path / "checkpoint.json")
                index.sync(books)
        backfill(target, encoder=tiny)
        noted("load, sync, backfill")
        with HybridIndex.open(target, encoder=tiny) as index:
            index.search("whale")
            index.get("whale")
        noted("search")
        copy_index(target, f"embedded:{tmp_path / 'copy'}")
        noted("copy from it")
        ask("PUT", f"{url}/{name}-theirs", {"mappings": {"properties": {"title": TITLE}}})
        adopt(f"{target}-theirs")
        noted("adopt")
    with suppress(RefusedError):
        ask("DELETE", f"{url}/{name},{name}-theirs")
    for task, paths in asked.items():
        of_others = {"GET /_license"} if product == "opensearch" else set()
        assert paths == requests_told(task) - of_others, task
