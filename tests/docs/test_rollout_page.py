"""docs/rollout.md from top to bottom, on real servers."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from pages import ROOT, follow
from servers.ask import ask
from servers.fixtures import ServerUrl

PAGE = "docs/rollout.md"


@pytest.mark.slow
@pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
def test_the_page_does_what_it_says(product: str, tmp_path: Path, server_url: ServerUrl) -> None:
    url = server_url(product)
    name = f"docs-{uuid.uuid4().hex}"
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    there = f"{product}:{url.removeprefix('http:')}/{name}"
    text = text.replace("elasticsearch://localhost:9200/books", there)
    schema = {"text": ["text"], "dense": {}}
    (tmp_path / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    books = ["whales and their songs", "a garden of figs", "songs of the road"]
    lines = [json.dumps({"id": str(at), "text": book}) for at, book in enumerate(books, start=1)]
    (tmp_path / "books.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert follow(text, tmp_path) == ["console", "python"]
    assert list(ask("GET", f"{url}/{name}/_alias")) == [f"{name}-000001"]
    ask("DELETE", f"{url}/{name}-000001,{name}-000002")
