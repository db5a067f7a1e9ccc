"""`adopt` and `backfill` on real servers, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Run
from servers.ask import ask

BOOKS = {
    "moby": {"title": "Moby Dick", "text": "a whale and the ships that hunt it", "year": 1851},
    "emma": {"title": "Emma", "text": "a match is made in a small town", "year": 1815},
    "none": {"year": 1900},
}
PROPERTIES = {
    "title": {"type": "text", "analyzer": "english"},
    "text": {"type": "text"},
    "year": {"type": "integer"},
    "place": {"type": "geo_point"},
}


@pytest.fixture
def run(run_here: Run) -> Run:
    return run_here


@pytest.fixture
def theirs(target: str) -> str:
    """An index of others, without vectors."""
    url = "http:" + target.partition(":")[2]
    body = {"mappings": {"properties": PROPERTIES}, "settings": {"number_of_replicas": 0}}
    ask("PUT", url, body)
    for id, book in BOOKS.items():
        ask("PUT", f"{url}/_doc/{id}?refresh=true", book)
    return target


def test_an_index_is_looked_at_adopted_filled_and_searched(
    run: Run, theirs: str, tiny_model: Path
) -> None:
    run("search", theirs, "whale").failed_with("was not made by hybridsearch", "hybridsearch adopt")
    looked = run("adopt", theirs, "--dry-run")
    assert looked.status == 0, looked
    lines = [line.split() for line in looked.out.splitlines()]
    assert ["title", "text", "text", "yes"] in lines
    assert ["year", "integer", "metadata", "yes"] in lines
    assert ["place", "geo_point", "-", "geo_point", "is", "none", "of", "these"] in lines
    assert "nothing was changed" in looked.err
    run("search", theirs, "whale").failed_with("hybridsearch adopt")

    asked = ["--text", "title^2,text", "--metadata", "year", "--encoder", tiny_model]
    adopted = run("adopt", theirs, *asked, "--json")
    assert adopted.status == 0, adopted
    assert adopted.last_json["added"] == "dense"
    assert adopted.last_json["schema"]["text"]["title"] == {"analyzer": "english", "weight": 2.0}
    assert f"hybridsearch backfill {theirs}" in adopted.err

    filled = run("backfill", theirs, "--rate", "6000/min", "--json")
    assert filled.status == 0, filled
    assert filled.last_json["filled"] == 2
    assert "2 documents got vectors" in filled.err
    assert "1 have no text" in filled.err

    found = run("search", theirs, "a whale", "--where", "year < 1900", "--json")
    assert [hit["id"] for hit in found.last_json["hits"]] == ["moby", "emma"]
    told = run("info", theirs, "--json").last_json
    assert (told["documents"], told["passages"]) == (3, {"dense": 2})
    assert told["encoder"] == str(tiny_model)


def test_an_index_is_adopted_for_text_alone_and_given_vectors_later(
    run: Run, theirs: str, tiny_model: Path
) -> None:
    assert "searched by text alone" in run("adopt", theirs).err
    assert run("search", theirs, "whale", "--json").last_json["hits"][0]["id"] == "moby"
    run("backfill", theirs).failed_with("by which encoder", "--encoder")
    assert run("backfill", theirs, "--encoder", tiny_model, "--json").last_json["filled"] == 2
    assert run("search", theirs, "whale", "--json").last_json["candidates"] == {
        "lexical": 1,
        "dense": 2,
    }


def test_wrong_words_are_told(run: Run, theirs: str) -> None:
    run("adopt", theirs, "--text", "titel").failed_with("did you mean 'title'")
    run("adopt", theirs, "--text", "title^much").failed_with("NAME^2")
    run("adopt", theirs, "--metadata", "place").failed_with("geo_point is none of these")
    run("adopt", theirs, "--vector", "new").failed_with("--encoder")
    run("backfill", theirs, "--rate", "fast").failed_with("50/s")
    run("backfill", theirs, "--rate", "0").failed_with("50/s")
    run("adopt", "embedded:here").failed_with("nothing to adopt", "elasticsearch://")
    run("backfill", "embedded:here").failed_with("when they are added")


def test_documents_with_routings_are_told_and_not_written(
    run: Run, theirs: str, tmp_path: Path
) -> None:
    url = "http:" + theirs.partition(":")[2]
    ask("PUT", f"{url}/_doc/pip?routing=there&refresh=true", {"title": "Great Expectations"})
    assert "some documents have a routing of their own" in run("adopt", theirs).err
    books = tmp_path / "books.jsonl"
    books.write_text('{"id": "pip", "title": "Pip"}\n', encoding="utf-8")
    for command in (("index", theirs, books), ("sync", theirs, books), ("delete", theirs, "pip")):
        run(*command).failed_with(
            "have a routing that their writer chose", f"hybridsearch rollout {theirs}"
        )
    assert run("search", theirs, "expectations", "--json").last_json["hits"][0]["id"] == "pip"
