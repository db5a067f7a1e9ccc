"""What filters mean: types, dates, many values, negation; and the reference that engines follow."""

from __future__ import annotations

import operator as operators
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import FilterError
from hybridsearch.model.filters import (
    AllOf,
    AnyOf,
    Compare,
    HasValue,
    Negation,
    Nothing,
    Range,
    Resolved,
    StartsWith,
    Term,
    Terms,
    field,
    matches,
    resolve,
)

FIELDS: dict[str, Any] = {
    "lang": "keyword",
    "year": "integer",
    "price": "float",
    "sold": "boolean",
    "seen": "date",
}
DAY = 86_400_000
MAY_31 = int(datetime(2024, 5, 31, tzinfo=UTC).timestamp() * 1000)


def resolved(where: Any) -> Resolved:
    found = resolve(where, FIELDS, text_fields={"body"})
    assert found is not None
    return found


def passes(where: str, **values: Any) -> bool:
    return matches(resolved(where), values)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lang == 'en'", Term("lang", "en")),
        ("lang != 'en'", Negation(Term("lang", "en"))),
        ("lang < 'en'", Range("lang", None, "en", include_upper=False)),
        ("lang in ('en', 'de', 'en')", Terms("lang", ("en", "de"))),
        ("lang in ()", Nothing()),
        ("lang prefix 'e'", StartsWith("lang", "e")),
        ("id == 'x'", Term("id", "x")),
        ("id in ('x', 'y')", Terms("id", ("x", "y"))),
        ("exists year", HasValue("year")),
        ("year == 5", Term("year", 5)),
        ("year == 5.0", Term("year", 5)),
        ("year == 5.5", Nothing()),
        ("year != 5.5", Negation(Nothing())),
        ("year in (1, 2.5, 3.0)", Terms("year", (1, 3))),
        ("year > 5", Range("year", 5, None, include_lower=False)),
        ("year >= 5", Range("year", 5, None)),
        ("year <= 5", Range("year", None, 5)),
        ("year > 5.5", Range("year", 6, None)),
        ("year >= 5.5", Range("year", 6, None)),
        ("year < 5.5", Range("year", None, 5)),
        ("year <= -5.5", Range("year", None, -6)),
        ("price == 5", Term("price", 5.0)),
        ("price in (1, 0)", Terms("price", (1.0, 0.0, -0.0, 0.0))),
        ("lang == '" + "x" * 32_767 + "'", Nothing()),
        ("lang in ('en', '" + "x" * 32_767 + "')", Terms("lang", ("en",))),
        ("price < 1e300", Range("price", None, 1e300, include_upper=False)),
        ("sold == true", Term("sold", True)),
        ("sold in (true, false)", Terms("sold", (True, False))),
        ("year == 1 and not sold == true", AllOf((Term("year", 1), Negation(Term("sold", True))))),
        ("year == 1 or year == 2", AnyOf((Term("year", 1), Term("year", 2)))),
    ],
)
def test_filters_become_few_kinds_with_canonical_values(text: str, expected: Resolved) -> None:
    assert resolved(text) == expected


@pytest.mark.parametrize(
    ("text", "reason", "position"),
    [
        ("body == 'x'", "'body' is a text field", 0),
        ("yaer == 1", "the field 'yaer' is not known, did you mean 'year'?", 0),
        ("zzz == 1", "known: id, lang, price, seen, sold, year", 0),
        ("year == '5'", "'year' is a whole number, and '5' is not a number: write it without", 8),
        ("year == 'x'", "'year' is a whole number, and 'x' is not a number", 8),
        ("year == true", "True is not a number", 8),
        ("price == false", "False is not a number", 9),
        ("lang == 5", "'lang' is a keyword: write '5' in quotes", 8),
        ("lang in ('en', 5)", "'lang' is a keyword", 15),
        ("lang == '\ud800'", "is not valid Unicode", 8),
        ("id == 5", "'id' is a keyword", 6),
        ("sold == 1", "'sold' is true or false, not 1", 8),
        ("sold == 'true'", "'sold' is true or false", 8),
        ("sold > true", "> has no meaning for 'sold'", 0),
        ("lang prefix '" + "x" * 901 + "'", "the prefix has 901 bytes; at most 900 are", 12),
        ("year prefix '1'", "prefix works on keyword fields; 'year' is a whole number", 0),
        ("seen == 'yesterday'", "'seen' is a date, and 'yesterday' is none", 8),
        ("seen == 2024-02-30", "write 2024-05-31 or", 8),
        ("seen == 5", "'seen' is a date, and 5 is none", 8),
        ("seen in (2024-05-31, true)", "'seen' is a date", 21),
        ("year == 9223372036854775808", "does not fit into 64 bits", 8),
        ("year < 1e300", "does not fit into 64 bits", 7),
        ("year < 1e999", "inf cannot be compared with", 7),
        ("price < 1e999", "inf cannot be compared with", 8),
        ("price < " + "9" * 400, "the number is too large", 8),
    ],
)
def test_wrong_types_are_refused_with_their_place(text: str, reason: str, position: int) -> None:
    with pytest.raises(FilterError) as raised:
        resolved(text)
    assert reason in raised.value.reason
    assert raised.value.position == position
    assert f"\n  {' ' * position}^" in str(raised.value)


@pytest.mark.parametrize("name", ["year", "price"])
@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [float("nan"), float("inf"), np.float32("nan")])
def test_numbers_that_are_none_are_refused(name: str, operator: Any, value: Any) -> None:
    with pytest.raises(FilterError, match="cannot be compared with"):
        resolved(Compare(name, operator, value))


@pytest.mark.parametrize("wrong", [3, True, ["year == 1"], {"year": 1}])
def test_what_is_no_filter_is_refused(wrong: Any) -> None:
    with pytest.raises(FilterError, match="is not a filter"):
        resolved(wrong)


@pytest.mark.parametrize("operator", ["==", "<", "<=", ">", ">="])
@pytest.mark.parametrize("value", [np.int64(5), np.float32(5.5), np.float64(-5.5), np.uint8(5)])
@pytest.mark.parametrize("name", ["year", "price"])
def test_numbers_of_numpy_mean_what_pythons_mean(name: str, operator: Any, value: Any) -> None:
    assert resolved(Compare(name, operator, value)) == resolved(
        Compare(name, operator, value.item())
    )


@pytest.mark.parametrize(
    ("operator", "inside"),
    [
        # the day before's last millisecond, the day's first, noon, last, the next day's first
        ("==", [False, True, True, True, False]),
        ("!=", [True, False, False, False, True]),
        ("<", [True, False, False, False, False]),
        ("<=", [True, True, True, True, False]),
        (">", [False, False, False, False, True]),
        (">=", [False, True, True, True, True]),
    ],
)
@pytest.mark.parametrize("value", ["2024-05-31", "20240531", "2024-W22-5", date(2024, 5, 31)])
def test_a_day_without_a_time_is_the_whole_day(
    operator: Any, inside: list[bool], value: Any
) -> None:
    where = resolved(Compare("seen", operator, value))
    moments = [MAY_31 - 1, MAY_31, MAY_31 + DAY // 2, MAY_31 + DAY - 1, MAY_31 + DAY]
    assert [matches(where, {"seen": [moment]}) for moment in moments] == inside


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-31T10:00:00Z",
        "2024-05-31T10:00",
        "2024-05-31 12:00:00+02:00",
        datetime(2024, 5, 31, 10),  # noqa: DTZ001 - without an offset it is UTC
        datetime(2024, 5, 31, 10, tzinfo=UTC),
        datetime(2024, 5, 31, 5, tzinfo=timezone(-timedelta(hours=5))),
        np.datetime64("2024-05-31T10:00:00"),
        np.datetime64("2024-05-31T10:00:00", "ns"),
    ],
)
def test_a_moment_is_one_millisecond(value: Any) -> None:
    at = MAY_31 + 10 * 3_600_000
    assert resolved(field("seen") == value) == Range("seen", at, at)
    assert resolved(field("seen") < value) == Range("seen", None, at, include_upper=False)
    assert resolved(field("seen") >= value) == Range("seen", at, None)


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, np.float32("-0.0")])
@pytest.mark.parametrize(
    ("operator", "lower", "upper", "inclusive"),
    [
        ("==", "-0.0", "0.0", True),
        ("<", "None", "-0.0", False),
        ("<=", "None", "0.0", True),
        (">", "0.0", "None", False),
        (">=", "-0.0", "None", True),
    ],
)
def test_both_zeros_are_one_number_though_engines_order_them(
    zero: Any, operator: Any, lower: str, upper: str, inclusive: bool
) -> None:
    found = resolved(Compare("price", operator, zero))
    assert isinstance(found, Range)
    assert (str(found.lower), str(found.upper)) == (lower, upper)
    assert inclusive == (found.include_lower and found.include_upper)


def test_dates_before_1970_and_at_the_ends_of_the_calendar() -> None:
    assert resolved("seen == 1969-12-31") == Range("seen", -DAY, -1)
    assert isinstance(resolved("seen >= 0001-01-01"), Range)
    assert isinstance(resolved("seen <= 9999-12-31"), Range)


def test_dates_in_a_list_are_whole_days_too() -> None:
    where = "seen in (2024-05-30, 2024-05-31)"
    assert passes(where, seen=[MAY_31 + 5])
    assert passes(where, seen=[MAY_31 - DAY])
    assert not passes(where, seen=[MAY_31 + DAY])


@pytest.mark.parametrize(
    ("where", "values", "expected"),
    [
        ("lang == 'en'", {"lang": ["de", "en"]}, True),
        ("lang == 'en'", {}, False),
        ("lang != 'en'", {"lang": ["de", "en"]}, False),
        ("lang != 'en'", {"lang": ["de"]}, True),
        ("lang != 'en'", {}, True),
        ("lang not in ('en')", {"lang": []}, True),
        ("lang in ('en', 'de')", {"lang": ["fr", "de"]}, True),
        ("lang prefix 'en-'", {"lang": ["de", "en-GB"]}, True),
        ("lang prefix ''", {"lang": ["x"]}, True),
        ("lang prefix ''", {}, False),
        ("exists lang", {"lang": [""]}, True),
        ("exists lang", {"lang": []}, False),
        ("not exists lang", {}, True),
        ("year > 5 and year < 3", {"year": [1, 9]}, True),
        ("year > 5", {"year": [5]}, False),
        ("year >= 5", {"year": [5]}, True),
        ("year == 0", {"year": [0]}, True),
        ("not year > 5", {"year": [1, 9]}, False),
        ("not (year > 5)", {}, True),
        ("price == 0", {"price": [-0.0]}, True),
        ("sold == false", {"sold": [False]}, True),
        ("lang > 'a' and lang < 'b'", {"lang": ["aa"]}, True),
        ("id == 'x'", {"id": ["x"]}, True),
        ("id in ()", {"id": ["x"]}, False),
        ("not id in ()", {"id": ["x"]}, True),
        ("exists id", {"id": ["x"]}, True),
    ],
)
def test_matches(where: str, values: Mapping[str, Sequence[Any]], expected: bool) -> None:
    assert matches(resolved(where), values) is expected


years = st.integers(-3, 3)
documents = st.lists(years, max_size=3).map(lambda values: {"year": values})
conditions = st.builds(
    Compare, st.just("year"), st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), years
)


@given(documents, conditions, conditions)
def test_joining_is_boolean_algebra(
    document: dict[str, list[int]], one: Compare, other: Compare
) -> None:
    first, second = (matches(resolved(node), document) for node in (one, other))
    assert matches(resolved(one & other), document) == (first and second)
    assert matches(resolved(one | other), document) == (first or second)
    assert matches(resolved(~one), document) == (not first)


COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": operators.lt,
    "<=": operators.le,
    ">": operators.gt,
    ">=": operators.ge,
    "==": operators.eq,
}


@given(documents, st.sampled_from(["<", "<=", ">", ">=", "=="]), years | st.floats(-4, 4))
def test_a_comparison_holds_where_any_value_satisfies_it(
    document: dict[str, list[int]], operator: Any, bound: float
) -> None:
    expected = any(COMPARE[operator](value, bound) for value in document["year"])
    assert matches(resolved(Compare("year", operator, bound)), document) == expected
