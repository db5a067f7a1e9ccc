"""Indexes with an encoder: passages, prompts, mismatch, and loading only when needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import EncoderError, EncoderMismatchError, SchemaError

SENTENCE = "Hybrid search blends the scores of a lexical retriever with those of a dense one."


@pytest.fixture
def target(tmp_path: Path) -> str:
    return f"embedded:{tmp_path / 'index'}"


def schema(**dense: Any) -> Schema:
    return Schema(text=["title", "body"], dense={"dense": {"embeds": ["title", "body"], **dense}})


def test_text_is_encoded_and_found_by_its_meaning_alone(target: str, tiny_model: Path) -> None:
    with HybridIndex.create(target, schema=schema(), encoder=str(tiny_model)) as index:
        index.add(
            [
                {"id": "cars", "title": "cars", "body": "a text about cars"},
                {"id": "search", "title": "search", "body": SENTENCE},
            ]
        )
        assert index.schema.dense["dense"].dims == 32
        hit = index.search(SENTENCE, retrievers=["dense"], k=1).hits[0]
        assert hit.id == "search"


def test_a_long_document_becomes_passages_that_hold_all_of_its_text(
    target: str, tiny_model: Path
) -> None:
    body = " ".join(f"{SENTENCE[:-1]} number {n}." for n in range(40))
    given = {"id": "long", "title": "a long one", "body": body}
    with HybridIndex.create(
        target, schema=schema(window=60, overlap=10), encoder=str(tiny_model)
    ) as index:
        report = index.add([given, {"id": "short", "title": "short", "body": "words"}])
        assert report.indexed == 2
        assert report.passages > 10
        hit = next(h for h in index.search("search", passages=100).hits if h.id == "long")
        covered: dict[str, set[int]] = {name: set() for name in ("title", "body")}
        for passage in hit.passages:
            parts = [given[span.field][span.start : span.end] for span in passage.spans]
            assert "\n".join(parts).strip() == passage.text.strip()
            for span in passage.spans:
                covered[span.field].update(range(span.start, span.end))
        for name, places in covered.items():
            lost = [n for n, c in enumerate(given[name]) if not c.isspace() and n not in places]
            assert not lost, name
        scores = [passage.score for passage in hit.passages]
        assert scores == sorted(scores, reverse=True)


def test_a_document_scores_as_its_best_passage(target: str, tiny: Encoder) -> None:
    body = " ".join(f"{SENTENCE[:-1]} number {n}." for n in range(20))
    with HybridIndex.create(target, schema=schema(window=40, overlap=0), encoder=tiny) as index:
        index.add([{"id": "1", "title": "t", "body": body}])
        hit = index.search("number 7", passages=100, explain=True, retrievers=["dense"]).hits[0]
        query = tiny.encode_queries(["number 7"])[0]
        vectors = tiny.encode_documents([passage.text for passage in hit.passages])
        assert hit.ledger["dense"].score == pytest.approx(float((vectors @ query).max()), abs=1e-5)
        assert hit.passages[0].score == pytest.approx(hit.ledger["dense"].score, abs=1e-6)


def test_a_given_vector_is_taken_in_place_of_encoding(target: str, tiny: Encoder) -> None:
    vector = tiny.encode_queries(["cars"])[0]
    with HybridIndex.create(target, schema=schema(), encoder=tiny) as index:
        index.add([{"id": "1", "title": "unrelated", "body": "x", "dense": vector}])
        hit = index.search("cars", retrievers=["dense"], explain=True).hits[0]
        assert hit.ledger["dense"].score == pytest.approx(1.0, abs=1e-5)
        same = index.search(vector=vector, retrievers=["dense"], explain=True).hits[0]
        assert same.ledger["dense"].score == pytest.approx(1.0, abs=1e-6)


def test_opening_with_another_encoder_is_refused_and_names_both(
    target: str, tiny_model: Path, build_model: Callable[..., Path]
) -> None:
    other = build_model("another-model", seed=99)
    with HybridIndex.create(target, schema=schema(), encoder=str(tiny_model)) as index:
        index.add([{"id": "1", "title": "a", "body": "b"}])
    with pytest.raises(EncoderMismatchError, match=r"tiny-mpnet.*another-model"):
        HybridIndex.open(target, encoder=str(other))
    moved = build_model("moved-model")
    with HybridIndex.open(target, encoder=str(moved)) as same:
        assert same.search("a").hits


def test_both_loaders_open_the_same_index(target: str, tiny_model: Path) -> None:
    first = f"sentence-transformers:{tiny_model}"
    with HybridIndex.create(target, schema=schema(), encoder=first) as index:
        index.add([{"id": str(n), "title": f"title {n}", "body": SENTENCE} for n in range(5)])
        expected = index.search("title 3", explain=True).hits
    with HybridIndex.open(target, encoder=f"transformers:{tiny_model}") as index:
        found = index.search("title 3", explain=True).hits
    assert [hit.id for hit in found] == [hit.id for hit in expected]
    for a, b in zip(found, expected, strict=True):
        assert a.ledger["dense"].score == pytest.approx(b.ledger["dense"].score, abs=1e-5)


def test_the_encoder_is_loaded_only_when_text_has_to_be_encoded(
    target: str, build_model: Callable[..., Path], tmp_path: Path
) -> None:
    model = build_model("will-be-gone")
    vector = load_encoder(str(model)).encode_queries(["x"])[0]
    with HybridIndex.create(target, schema=schema(), encoder=str(model)) as index:
        index.add([{"id": "1", "title": "a word", "body": "b"}])
    model.rename(tmp_path / "elsewhere")
    with HybridIndex.open(target) as index:
        assert index.search("word", retrievers=["lexical"]).hits
        assert index.search("word", vector=vector).hits
        with pytest.raises(EncoderError, match="will-be-gone"):
            index.search("word")


def test_a_query_beyond_the_limit_is_told(target: str, tiny: Encoder) -> None:
    with HybridIndex.create(target, schema=schema(), encoder=tiny) as index:
        index.add([{"id": "1", "title": "a", "body": "b"}])
        long = "retriever " * (tiny.query_limit + 7)
        response = index.search(long)
        assert "7 word pieces longer" in response.warnings[0]
        assert index.search("retriever").warnings == ()


def test_dims_of_the_schema_must_be_the_encoders(target: str, tiny: Encoder) -> None:
    with pytest.raises(SchemaError, match="says 768 dims"):
        HybridIndex.create(target, schema=schema(dims=768), encoder=tiny)


def test_several_vector_fields_are_retrievers_of_their_own(target: str, tiny: Encoder) -> None:
    fields = Schema(
        text=["title", "body"],
        dense={"titles": {"embeds": ["title"]}, "bodies": {"embeds": ["body"]}},
    )
    with HybridIndex.create(target, schema=fields, encoder=tiny) as index:
        index.add(
            [
                {"id": "1", "title": "cars", "body": "search and retriever"},
                {"id": "2", "title": "search and retriever", "body": "cars"},
                {"id": "3", "title": "only a title", "body": ""},
            ]
        )
        response = index.search("cars", explain=True, k=3)
        assert response.candidates == {"lexical": 2, "titles": 3, "bodies": 2}
        by_id = {hit.id: hit.ledger for hit in response.hits}
        scores = {
            id: {name: entry.score or 0.0 for name, entry in ledger.items()}
            for id, ledger in by_id.items()
        }
        assert by_id["1"]["titles"].weight == pytest.approx(0.4)
        assert scores["1"]["titles"] > scores["1"]["bodies"]
        assert scores["2"]["bodies"] > scores["2"]["titles"]
        assert by_id["3"]["bodies"].score == -1.0
        only = index.search("cars", retrievers=["bodies"], k=1).hits
        assert [hit.id for hit in only] == ["2"]


class Remote:
    """An encoder of the user's own: no base class, no registration."""

    name = "my-encoder"
    dims = 4
    token_limit = 50
    query_limit = 50

    @property
    def fingerprint(self) -> Any:
        from hybridsearch.encoding.fingerprint import Fingerprint

        return Fingerprint("my-encoder", "", "none", True, "", "", 4)

    def encode_queries(self, texts: Any) -> np.ndarray:
        return np.stack([self._vector(text) for text in texts])

    def encode_documents(self, texts: Any, progress: Any = None) -> np.ndarray:  # noqa: ARG002 - the protocol's
        return self.encode_queries(texts)

    def word_pieces(self, texts: Any) -> list[np.ndarray]:
        import re

        found = [[m.span() for m in re.finditer(r"\S+", text)] for text in texts]
        return [np.array(spans, dtype=np.int64).reshape(-1, 2) for spans in found]

    def _vector(self, text: str) -> np.ndarray:
        vector = np.array([text.count(c) + 0.1 for c in "abcd"], dtype=np.float32)
        made: np.ndarray = vector / np.linalg.norm(vector)
        return made


def test_any_object_with_the_protocol_is_an_encoder(target: str) -> None:
    with HybridIndex.create(target, schema=schema(), encoder=Remote()) as index:
        index.add(
            [{"id": "a", "title": "aaaa", "body": "a"}, {"id": "b", "title": "bbb", "body": "b"}]
        )
        assert index.search("aa", retrievers=["dense"], k=1).hits[0].id == "a"
    with HybridIndex.open(target, encoder=Remote()) as index:
        assert index.search("bb", retrievers=["dense"], k=1).hits[0].id == "b"
