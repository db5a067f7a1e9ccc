"""Filters hold for every retriever, before its candidates are cut, and mean the same everywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from vectors import random_units, unit

from hybridsearch import HybridIndex, Schema, field
from hybridsearch.errors import FilterError
from hybridsearch.model.filters import Node, matches, resolve
from hybridsearch.model.values import canonical

LANGS = ["en", "de", "fr", "éß", "日本", "", "a'b\\c", "en-GB"]
FILTERS = [
    "lang == 'en'",
    "lang != 'en'",
    "lang in ('de', 'fr', 'none')",
    "lang not in ('de', 'fr')",
    "lang prefix 'en'",
    "lang prefix '日'",
    "lang prefix ''",
    "lang == ''",
    "lang > 'en'",
    "lang <= 'en'",
    "lang >= 'a' and lang < 'f'",
    r"lang == 'a\'b\\c'",
    "exists lang",
    "not exists lang",
    "year == 2003",
    "year != 2003",
    "year >= 2003 and year < 2007",
    "year > 2003.5",
    "year in (2001, 2002, -5)",
    "year == -5",
    "exists year and not year > 2005",
    "price < 0.5",
    "price >= 0.25 and price <= 0.75",
    "price == 0.5",
    "price > -1e300",
    "sold == true",
    "sold == false",
    "sold != true",
    "not exists sold",
    "seen == 2024-02-29",
    "seen < 2024-02-29",
    "seen <= 2024-02-29",
    "seen > 2024-02-29",
    "seen >= 2024-02-29",
    "seen == '2024-02-29T12:00:00Z'",
    "seen > '2024-02-29T13:00:00+01:00'",
    "seen in (2024-02-28, 2024-03-01)",
    "id in ('d0001', 'd0002', 'gone')",
    "id prefix 'd000'",
    "(lang == 'en' or year == 2003) and not (sold == true and price < 0.5)",
    "not (not (lang == 'en'))",
]


def documents(count: int = 400) -> list[dict[str, Any]]:
    """Documents whose metadata fields are there, absent, or lists."""
    random = np.random.default_rng(11)
    dates = ["2024-02-28", "2024-02-29", "2024-02-29T12:00:00Z", "2024-02-29T23:59:59.999Z"]
    dates += ["2024-03-01T00:00:00+02:00", "2024-03-01"]
    vectors = random_units(count, seed=11)
    made = []
    for number in range(count):
        document: dict[str, Any] = {
            "id": f"d{number:04d}",
            "title": "word",
            "dense": vectors[number],
        }
        choices: dict[str, list[Any]] = {
            "lang": LANGS,
            "year": [2000 + n for n in range(10)] + [-5],
            "price": [0.0, 0.25, 0.5, 0.75, 1.0, -3.5, 1e10],
            "sold": [True, False],
            "seen": dates,
        }
        for name, values in choices.items():
            how = random.integers(0, 4)
            picked = [values[at] for at in random.integers(0, len(values), 3)]
            if how == 0:
                document[name] = picked
            elif how < 3:
                document[name] = picked[0]
        made.append(document)
    return made


def expected(where: Any, schema: Schema) -> list[str]:
    """What the reference semantics lets through."""
    resolved = resolve(where, schema.field_types)
    assert resolved is not None
    found = []
    for document in documents():
        values = {
            name: canonical(document.get(name), kind) for name, kind in schema.field_types.items()
        }
        if matches(resolved, {**values, "id": (document["id"],)}):
            found.append(document["id"])
    return found


@pytest.fixture(scope="module")
def index(make_shared: Any) -> HybridIndex:
    """For tests that only read."""
    made: HybridIndex = make_shared(documents())
    return made


def test_every_filter_means_what_the_reference_says(index: HybridIndex) -> None:
    for where in FILTERS:
        wanted = expected(where, index.schema)
        assert index.count(where) == len(wanted), where
        for retriever in ("lexical", "dense"):
            response = index.search(
                "word", vector=unit(1), where=where, k=400, retrievers=[retriever]
            )
            assert sorted(hit.id for hit in response.hits) == wanted, (where, retriever)


def test_filters_hold_before_the_window_is_cut(index: HybridIndex) -> None:
    where = "year == 2003 and sold == true"
    wanted = expected(where, index.schema)
    assert len(wanted) > 5
    response = index.search("word", vector=unit(1), where=where, k=5, window=5)
    assert response.candidates == {"lexical": 5, "dense": 5}
    assert {hit.id for hit in response.hits} <= set(wanted)


def test_filtered_dense_search_is_exact(index: HybridIndex) -> None:
    allowed = set(expected("year >= 2004", index.schema))
    query = unit(1, 2, 3)
    best = sorted((-float(d["dense"] @ query), d["id"]) for d in documents() if d["id"] in allowed)
    hits = index.search(vector=query, where="year >= 2004", k=25, retrievers=["dense"]).hits
    assert [hit.id for hit in hits] == [id for _, id in best[:25]]


def test_filters_do_not_change_scores(index: HybridIndex) -> None:
    free = index.search("word", k=400, window=400, retrievers=["lexical"]).hits
    scores = {hit.id: hit.score for hit in free}
    for hit in index.search("word", where="sold == true", k=400, retrievers=["lexical"]).hits:
        assert hit.score == pytest.approx(scores[hit.id])


def test_filters_as_python_objects_mean_the_same(index: HybridIndex) -> None:
    moment = datetime(2024, 2, 29, 12, tzinfo=UTC)
    pairs: list[tuple[Node, str]] = [
        (field("lang") == "en", "lang == 'en'"),
        (field("year") >= 2003, "year >= 2003"),
        (field("lang").isin(["en", "de"]), "lang in ('en', 'de')"),
        (~field("sold").exists(), "not exists sold"),
        (field("lang").startswith("en"), "lang prefix 'en'"),
        ((field("year") < 2003) | (field("price") > 0.5), "year < 2003 or price > 0.5"),
        (
            (field("year") != 2003) & (field("seen") <= moment),
            "year != 2003 and seen <= '2024-02-29T12:00:00Z'",
        ),
    ]
    for built, written in pairs:
        assert index.count(built) == index.count(written), written


def test_filters_follow_replaced_and_deleted_documents(make: Any) -> None:
    index = make(documents())
    before = index.count("lang == 'en'")
    changed = next(d for d in documents() if d.get("lang") == "en")
    index.add([{**changed, "lang": "de"}])
    assert index.count("lang == 'en'") == before - 1
    index.delete([d["id"] for d in documents() if d.get("lang") == "en"])
    assert index.count("lang == 'en'") == sum(
        "en" in d["lang"] for d in documents() if isinstance(d.get("lang"), list)
    )


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("yeer == 3", "did you mean 'year'"),
        ("title == 'word'", "text field"),
        ("year == '3'", "without quotes"),
        ("year = 3", "write =="),
        ("sold > true", "no meaning"),
    ],
)
def test_wrong_filters_are_told_by_every_call(index: HybridIndex, where: str, message: str) -> None:
    with pytest.raises(FilterError, match=message):
        index.search("word", vector=unit(1), where=where)
    with pytest.raises(FilterError, match=message):
        index.count(where)
