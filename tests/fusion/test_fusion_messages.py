"""Wrong settings of a fusion are shown with the place where they go wrong."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from hybridsearch.errors import ConfigurationError
from hybridsearch.fusion.normalise import check_normalisation
from hybridsearch.fusion.parameters import check_number
from hybridsearch.fusion.settings import parse_fusion


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("rrf(k=1", "("),
        ("rrf(k=1, k=2)", "k=2"),
        ("rrf(60)", "60"),
        ("convex(dense=dense)", "dense)"),
        ("combsum(weights={'größe': 1}, normalise=é)", "é)"),
        ("rrf(**{'k': 1})", "**"),
    ],
)
def test_the_place_is_marked_under_the_text(text: str, at: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_fusion(text)
    _, shown, mark = str(raised.value).splitlines()
    assert shown == f"  {text}"
    assert mark.strip() == "^"
    assert shown[mark.index("^") :].startswith(at)


def test_text_of_several_lines_is_read_like_one() -> None:
    assert parse_fusion("rrf(\n  k=10,\n)") == parse_fusion("rrf(k=10)")
    with pytest.raises(ConfigurationError, match="name each parameter") as raised:
        parse_fusion("rrf(\n  60,\n)")
    assert "^" not in str(raised.value)


def test_what_follows_a_call_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="something follows the closing parenthesis"):
        parse_fusion("rrf(k=1) if 1 else rrf(k=2)")


@pytest.mark.parametrize("member", ["missing", "fuse", "separable"])
def test_half_a_fusion_is_refused(member: str) -> None:
    members = {"missing": "ignore", "fuse": lambda _table: None, "separable": lambda _table: False}
    whole = type("Whole", (), members)()
    assert parse_fusion(whole) is whole
    half = type("Half", (), {name: value for name, value in members.items() if name != member})()
    with pytest.raises(ConfigurationError, match="is not a fusion"):
        parse_fusion(half)


@pytest.mark.parametrize("scale", ["abc", "nan", "inf", "", "0", "-2"])
def test_wrong_scales_of_arctan_are_named(scale: str) -> None:
    with pytest.raises(ConfigurationError, match="the scale of arctan must be a number above 0"):
        check_normalisation(f"arctan(scale={scale})")


@pytest.mark.parametrize("value", [0, 1, 0.5, np.float32(0.5), np.int64(1)])
def test_numbers_in_the_range_pass(value: Any) -> None:
    check_number("x", value, least=0, most=1)


@pytest.mark.parametrize(
    "value", [True, False, None, "1", np.nan, np.inf, -np.inf, 1j, np.complex128(1), 10**400, [1]]
)
def test_what_is_no_finite_number_is_refused(value: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"^x must be a number at least 0, not"):
        check_number("x", value, least=0)


def test_the_range_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"at least 0 and at most 1, not 1\.5$"):
        check_number("x", 1.5, least=0, most=1)
    with pytest.raises(ConfigurationError, match=r"above 0, not 0$"):
        check_number("x", 0, least=0, above=True)
    check_number("x", 1e-300, least=0, above=True)
