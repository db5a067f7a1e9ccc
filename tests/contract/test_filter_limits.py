"""Filters at the limits of their types, and larger than a server takes in one piece."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from vectors import unit

from hybridsearch import HybridIndex, field
from hybridsearch.model.filters import And, Compare, In, Node, Not, Or, Prefix, matches, resolve
from hybridsearch.model.values import canonical

NUMBERS = [0.0, -0.0, 5e-324, -5e-324, 1.7976931348623157e308, -1.7976931348623157e308, 0.1]
WHOLE = [2**63 - 1, -(2**63), 0, 2**53 + 1, -1]
DATES = [
    "1969-12-31T23:59:59.999Z",
    "1969-12-31",
    "1970-01-01",
    "1900-02-28T00:00:00.5Z",
    "0001-01-01",
    "9999-12-31T23:59:59.999Z",
    datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC),
]
WORDS = ["", "a*b", "a.b", "a\\b", "(x)", "\U0001f600x", "a" * 900, "\U0001f600" * 225]
VALUES: dict[str, list[Any]] = {"price": NUMBERS, "year": WHOLE, "seen": DATES, "lang": WORDS}


def documents() -> list[dict[str, Any]]:
    """One for each value, and one without any."""
    given: list[dict[str, Any]] = [{name: value} for name in VALUES for value in VALUES[name]]
    return [
        {"id": f"d{number:02}", "title": "word", "dense": unit(1), **values}
        for number, values in enumerate([*given, {}])
    ]


def filters() -> list[Node]:
    """Every comparison with every value, and what only a program would write."""
    operators: Any = ("==", "!=", "<", "<=", ">", ">=")
    nested: Node = Compare("year", "==", 0)
    for _ in range(40):
        nested = Not(nested)
    return [
        *(
            Compare(name, operator, value)
            for name in VALUES
            for operator in operators
            for value in VALUES[name]
        ),
        *(Prefix("lang", word) for word in WORDS),
        *(In("lang", (word, "none")) for word in (*WORDS, "x" * 40_000)),
        In("price", (0, 1)),
        In("year", tuple(range(70_000))),
        And(()),
        Or(()),
        Not(And(())),
        nested,
    ]


@pytest.fixture(scope="module")
def index(make_shared: Any) -> HybridIndex:
    """For tests that only read."""
    made: HybridIndex = make_shared(documents())
    return made


def test_filters_at_the_limits_mean_what_the_reference_says(index: HybridIndex) -> None:
    kinds = index.schema.field_types
    values = {
        document["id"]: {name: canonical(document.get(name), kinds[name]) for name in VALUES}
        for document in documents()
    }
    asked = filters()
    found = [
        {hit.id for hit in index.search("word", where=where, k=50, fields=()).hits}
        for where in asked
    ]
    for where, hits in zip(asked, found, strict=True):
        resolved = resolve(where, kinds)
        assert resolved is not None
        assert hits == {id for id in values if matches(resolved, values[id])}, str(where)[:80]


def test_a_date_before_1970_is_counted_by_the_same_filter(index: HybridIndex) -> None:
    assert index.count(field("seen") == "1969-12-31T23:59:59.999Z") == 1
