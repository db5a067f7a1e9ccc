"""The embedded engine's analyzers make the terms that Lucene's make, on text of 12 languages."""

from __future__ import annotations

import gzip
import json
import random
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.ask import ask

from hybridsearch.engines.embedded.analysis import analyzer
from hybridsearch.model.schema import Analyzer

pytestmark = pytest.mark.slow

Analyze = Callable[[str, str], list[str]]
COLLECTIONS = ("xquad_multi", "scifact", "chorus_icecat")
SAMPLE = 150


@pytest.fixture(scope="module")
def analyze(elasticsearch_url: str) -> Iterator[Analyze]:
    """What Lucene's analyzer of this name makes of a text."""
    index = f"{elasticsearch_url}/analysis-{uuid.uuid4().hex}"
    ask("PUT", index, {"settings": {"index": {"analyze": {"max_token_count": 100_000}}}})

    def terms(name: str, text: str) -> list[str]:
        found = ask("POST", f"{index}/_analyze", {"analyzer": name, "text": text})
        return [token["token"] for token in found["tokens"]]

    yield terms
    ask("DELETE", index)


def texts(folder: Path) -> list[str]:
    with gzip.open(folder / "corpus.jsonl.gz", "rt", encoding="utf-8") as file:
        documents = [json.loads(line) for line in file]
    chosen = random.Random(3).sample(documents, SAMPLE)
    return [f"{document.get('title') or ''}\n{document['text']}" for document in chosen]


@pytest.mark.parametrize("name", ["standard", "english"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_terms_of_real_text_are_lucenes(
    analyze: Analyze, shared: Path, collection: str, name: Analyzer
) -> None:
    for text in texts(shared / "eval" / collection):
        assert analyzer(name)(text) == analyze(name, text)


PIECES = [
    *"abcXYZ019_.,:;'’-/ \n éßñøÅ ДжЖ αβΩ אב",
    "عرب",
    "हिन्दी",
    "ไทย",
    *"東京ひらカタ한국©™☃👍",
]
WORDS = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)


@given(WORDS)
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_terms_of_mixed_scripts_are_lucenes(analyze: Analyze, text: str) -> None:
    assert analyzer("standard")(text) == analyze("standard", text)


def test_every_analyzer_of_the_schema_is_one_of_the_server(opensearch_url: str) -> None:
    for name in get_args(Analyzer):
        found = ask("POST", f"{opensearch_url}/_analyze", {"analyzer": name, "text": "word 1984"})
        assert found["tokens"]
