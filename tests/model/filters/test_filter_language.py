"""The filter language: what text means, what it says when it is wrong, and that it ends."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pytest
from calls_made import calls_made
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hybridsearch.errors import FilterError
from hybridsearch.model.filters import (
    And,
    Compare,
    Exists,
    In,
    Node,
    Not,
    Or,
    Prefix,
    field,
    parse,
    resolve,
)

A, B, C = (Compare(name, "==", 1) for name in "abc")
FIELDS: dict[str, Any] = {
    "lang": "keyword",
    "year": "integer",
    "price": "float",
    "sold": "boolean",
    "seen": "date",
}


@pytest.mark.parametrize("operator", ["==", "!=", "<", "<=", ">", ">="])
def test_every_comparison(operator: Any) -> None:
    assert parse(f"year {operator} 2020") == Compare("year", operator, 2020)
    assert parse(f"year{operator}2020") == Compare("year", operator, 2020)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-5", -5),
        ("+5", 5),
        ("1.5", 1.5),
        (".5", 0.5),
        ("2.", 2.0),
        ("-1e-3", -0.001),
        ("true", True),
        ("FALSE", False),
        ("'a b'", "a b"),
        ('"it\'s"', "it's"),
        (r"'it\'s \\ \"'", "it's \\ \""),
        ("''", ""),
        ("'line\nline'", "line\nline"),
        ("2024-05-31", "2024-05-31"),
        ("2024-05-31T10:00", "2024-05-31T10:00"),
        ("2024-05-31t10:00:00.5+02:00", "2024-05-31t10:00:00.5+02:00"),
    ],
)
def test_every_kind_of_value(text: str, value: Any) -> None:
    node = parse(f"f == {text}")
    assert isinstance(node, Compare)
    assert node.value == value
    assert type(node.value) is type(value)


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("lang in ('en', 'de')", In("lang", ("en", "de"))),
        ("lang in ('en',)", In("lang", ("en",))),
        ("lang in ()", In("lang", ())),
        ("lang not in (1)", Not(In("lang", (1,)))),
        ("exists lang", Exists("lang")),
        ("not exists lang", Not(Exists("lang"))),
        ("lang prefix 'e'", Prefix("lang", "e")),
        ("`or` == 1", Compare("or", "==", 1)),
        ("`two words` == 1", Compare("two words", "==", 1)),
        ("`it's` == 'x'", Compare("it's", "==", "x")),
        ("a.b_1 == 1", Compare("a.b_1", "==", 1)),
        ("größe == 1", Compare("größe", "==", 1)),
        ("order == 1", Compare("order", "==", 1)),
        ("in.x == 1", Compare("in.x", "==", 1)),
        ("ın == 1", Compare("ın", "==", 1)),
        ("a==1 AND b==1 Or NOT c==1", Or((And((A, B)), Not(C)))),
    ],
)
def test_every_form(text: str, node: Node) -> None:
    assert parse(text) == node


@pytest.mark.parametrize(
    ("text", "node"),
    [
        ("a==1 or b==1 and c==1", Or((A, And((B, C))))),
        ("(a==1 or b==1) and c==1", And((Or((A, B)), C))),
        ("not a==1 and b==1", And((Not(A), B))),
        ("not (a==1 and b==1)", Not(And((A, B)))),
        ("not not a==1", Not(Not(A))),
        ("a==1 and b==1 and c==1", And((A, B, C))),
        ("a==1 and (b==1 and c==1)", And((A, And((B, C))))),
        ("((a==1))", A),
    ],
)
def test_not_binds_tighter_than_and_tighter_than_or(text: str, node: Node) -> None:
    assert parse(text) == node


def test_python_builds_the_same_nodes_as_text() -> None:
    a, b, c = field("a"), field("b"), field("c")
    assert (a == 1) & (b == 1) & (c == 1) == parse("a == 1 and b == 1 and c == 1")
    assert (a == 1) | (b == 1) | (c == 1) == parse("a == 1 or b == 1 or c == 1")
    assert (a == 1) | (b == 1) & (c == 1) == parse("a == 1 or b == 1 and c == 1")
    assert ((a == 1) | (b == 1)) & ~(c == 1) == parse("(a == 1 or b == 1) and not c == 1")
    assert a.isin([1, 2]) == parse("a in (1, 2)")
    assert a.isin([]) == parse("a in ()")
    assert a.exists() == parse("exists a")
    assert a.startswith("x") == parse("a prefix 'x'")
    for made, text in [(a < 1, "<"), (a <= 1, "<="), (a > 1, ">"), (a >= 1, ">="), (a != 1, "!=")]:
        assert made == parse(f"a {text} 1")
    assert len({a, b, a}) == 2


def test_python_s_own_and_or_not_and_chains_are_refused() -> None:
    a, b = field("a"), field("b")
    with pytest.raises(FilterError, match=r"join filters with & \| ~"):
        _ = (a == 1) and (b == 1)
    with pytest.raises(FilterError):
        _ = (a == 1) or (b == 1)
    with pytest.raises(FilterError):
        _ = not a.exists()
    with pytest.raises(FilterError):
        _ = 1 < a < 3


names = st.text(st.characters(exclude_characters="`"), min_size=1, max_size=6) | st.sampled_from(
    ["and", "Or", "NOT", "in", "exists", "prefix", "true", "ſ", "exiſts", "ın", "a.b", "_x", "1a"]
)
values = st.one_of(
    st.text(max_size=8),
    st.text("\\'\"`()\n", max_size=6),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
leaves: st.SearchStrategy[Node] = st.one_of(
    st.builds(Compare, names, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), values),
    st.builds(In, names, st.lists(values, max_size=3).map(tuple)),
    st.builds(Exists, names),
    st.builds(Prefix, names, st.text(max_size=8)),
)
nodes = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: And(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: Or(tuple(parts))),
        inner.map(Not),
    ),
    max_leaves=12,
)


@given(nodes)
@settings(max_examples=400, deadline=None)
@example(And((And((A, B)), C)))
@example(And((A, And((B, C)))))
@example(Or((Or((A, B)), C)))
@example(Not(And((A, B))))
@example(Not(In("a", ())))
@example(Compare("a", "==", "\ud800"))
@example(Compare("a", "<", -0.0))
@example(Compare("a", "==", "\\"))
def test_text_of_a_filter_reads_back_as_the_same_filter(node: Node) -> None:
    assert parse(str(node)) == node


@given(st.dates() | st.datetimes(timezones=st.none() | st.just(UTC)))
def test_dates_read_back_with_the_same_meaning(when: date | datetime) -> None:
    node = field("seen") >= when
    assert resolve(str(node), FIELDS) == resolve(node, FIELDS)


@pytest.mark.parametrize("value", [np.int64(3), np.float32(0.5), np.bool_(True), np.str_("x")])
def test_values_of_numpy_are_written_plainly(value: Any) -> None:
    assert str(field("a") == value) == str(field("a") == value.item())


@pytest.mark.parametrize(
    ("text", "position", "reason"),
    [
        ("year = 2020", 5, "write == to compare"),
        ("a == 1 & b == 2", 7, "write 'and'"),
        ("a == 1 | b == 2", 7, "write 'or'"),
        ("!a == 1", 0, "write 'not'"),
        ("a == 1; b == 2", 6, "join conditions"),
        ("a == ", 4, "it ends too early"),
        ("a", 1, "a comparison such as == or >="),
        ("a == 'x", 5, "never closed"),
        ("a == 1 b == 2", 7, "'b' is not expected here"),
        ("a == 1)", 6, "')' is not expected here"),
        ("(a == 1", 7, "')' is missing"),
        ("== 1", 0, "a field"),
        ("a == b", 5, "a value in quotes"),
        ("a in 1", 5, "'('"),
        ("a in (1 2)", 8, "','"),
        ("a in (,)", 6, "','"),
        ("a prefix 1", 9, "a value in quotes"),
        ("a == 1.2.3", 5, "is not expected here"),
        ("a == 12x", 5, "is not expected here"),
        ("not", 3, "it ends too early"),
        ("`a == 1", 0, "never closed"),
        ("a == nan", 5, "is not expected here"),
        ("a == $", 5, "'$' is not expected here"),
    ],
)
def test_errors_point_at_the_place(text: str, position: int, reason: str) -> None:
    with pytest.raises(FilterError) as raised:
        parse(text)
    assert reason in raised.value.reason
    assert raised.value.position == position
    assert str(raised.value).endswith(f"\n  {text}\n  {' ' * position}^")


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_filter_is_refused(text: str) -> None:
    with pytest.raises(FilterError, match="it is empty"):
        parse(text)


SOUP = [
    *["and", "or", "not", "in", "exists", "prefix", "true", "(", ")", ",", "==", "!=", "<", ">="],
    *["'", '"', "`", "\\", "'x'", '"y"', "`z`", "a", "b.c", "1", "-2.5", "1e5", "2024-05-31", " "],
    *["\n", "=", "&", "ſ", "9" * 400, "2024-13-45", "T", "é", "\ud800", "\x00"],
]


@given(
    st.text()
    | st.lists(st.sampled_from(SOUP)).map("".join)
    | st.lists(st.sampled_from(SOUP)).map(" ".join)
)
@settings(max_examples=1500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        node = parse(text)
    except FilterError as error:
        if error.position is not None and not 0 <= error.position <= len(text):
            pytest.fail("the error points outside of the text")
        return
    assert parse(str(node)) == node


@given(st.sampled_from(sorted(FIELDS)), st.sampled_from(["==", "<", ">="]), values | st.none())
def test_any_value_is_resolved_or_refused(name: str, operator: Any, value: Any) -> None:
    for node in (Compare(name, operator, value), In(name, (value,))):
        with contextlib.suppress(FilterError):
            resolve(node, FIELDS)


HOSTILE = {
    "parentheses": "(" * 100_000,
    "nested": "(" * 5000 + "a == 1" + ")" * 5000,
    "negations": "not " * 20_000 + "a == 1",
    "negated parentheses": ("not " * 90 + "(") * 90 + "a == 1" + ")" * 90,
    "parentheses hidden between names": "`'` == 1 or " + "(" * 5000 + "`'` == 1" + ")" * 5000,
    "escaped quotes": "a == '" + "\\'" * 99_000,
    "quotes": "'\\" * 99_000,
    "backticks": "`" * 150_001,
    "a megabyte": "x == 1 and " * 100_000,
    "a megabyte of noise": "%$&" * 350_000,
    "a long number": "a == " + "9" * 199_000 + "x",
    "a long exponent": "a == 1e" + "9" * 1000 + "..",
    "conditions without an end": "a == 1 or " * 19_000,
    "spaces": " " * 150_000 + "!",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_is_refused_without_much_work(text: str) -> None:
    def refused() -> None:
        with pytest.raises(FilterError):
            parse(text)

    assert calls_made(refused) < 20 * len(text) + 1000


def test_moderate_nesting_is_read() -> None:
    node = parse("(" * 100 + "a == 1" + ")" * 100)
    assert node == A
    assert parse("not " * 100 + "a == 1") is not None
    assert parse(" and ".join(["not (a == 1)"] * 500)) is not None
    assert parse(" and ".join(["a not in (1)"] * 500)) is not None


def test_parentheses_in_quotes_nest_nothing() -> None:
    assert parse(f"a == '{'(' * 200}' and `{'(' * 200}` == 1") is not None


def test_long_lists_are_read_in_linear_work() -> None:
    def work(count: int) -> int:
        text = f"year in ({', '.join(str(n) for n in range(count))})"
        node = parse(text)
        assert isinstance(node, In)
        assert node.values == tuple(range(count))
        return calls_made(lambda: resolve(parse(text), FIELDS))

    assert work(10_000) < 11 * work(1000)


def test_many_conditions_joined_in_python_do_not_nest() -> None:
    joined: Node = field("year") == 0
    for year in range(1, 3000):
        joined = joined | (field("year") == year)
    assert resolve(joined, FIELDS) is not None
    assert parse(str(joined)) == joined


def test_nodes_nested_without_end_are_refused() -> None:
    node: Node = field("year") == 0
    for _ in range(5000):
        node = ~node
    with pytest.raises(FilterError, match="nests too deeply"):
        resolve(node, FIELDS)
