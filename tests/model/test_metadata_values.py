"""Metadata values become one canonical type a field, or are refused with a reason."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest

from hybridsearch.model.values import canonical

MAY = 1_717_113_600_000  # 2024-05-31 in milliseconds


@pytest.mark.parametrize(
    ("type", "given", "wanted"),
    [
        ("keyword", "a", ("a",)),
        ("keyword", "", ("",)),
        ("keyword", 7, ("7",)),
        ("keyword", True, ("true",)),
        ("keyword", ["b", "a", "b", None], ("b", "a")),
        ("keyword", {"a"}, ("a",)),
        ("keyword", None, ()),
        ("keyword", [], ()),
        ("keyword", np.array(["x", "y"]), ("x", "y")),
        ("keyword", np.int64(7), ("7",)),
        ("keyword", np.bool_(True), ("true",)),
        ("integer", 5, (5,)),
        ("integer", "5", (5,)),
        ("integer", "-5", (-5,)),
        ("integer", 5.0, (5,)),
        ("integer", np.int32(5), (5,)),
        ("integer", np.array([1, 2]), (1, 2)),
        ("integer", 2**63 - 1, (2**63 - 1,)),
        ("integer", -(2**63), (-(2**63),)),
        ("float", 1, (1.0,)),
        ("float", "1.5e3", (1500.0,)),
        ("float", np.float32(0.5), (0.5,)),
        ("boolean", "TRUE", (True,)),
        ("boolean", [False, True], (False, True)),
        ("boolean", np.bool_(False), (False,)),
        ("date", "2024-05-31", (MAY,)),
        ("date", " 2024-05-31T00:00:00Z ", (MAY,)),
        ("date", "2024-05-31T02:00:00+02:00", (MAY,)),
        ("date", date(2024, 5, 31), (MAY,)),
        ("date", datetime(2024, 5, 31, tzinfo=UTC), (MAY,)),
        ("date", datetime(2024, 5, 31, 2, tzinfo=timezone(timedelta(hours=2))), (MAY,)),
        ("date", datetime(2024, 5, 31), (MAY,)),  # noqa: DTZ001 - without a zone it is UTC
        ("date", MAY, (MAY,)),
        ("date", np.int64(MAY), (MAY,)),
        ("date", np.datetime64("2024-05-31", "ns"), (MAY,)),
        ("date", np.array(["2024-05-31"], dtype="datetime64[ns]"), (MAY,)),
        ("date", "1969-12-31T23:59:59.999Z", (-1,)),
        ("date", "0001-01-01", (-62_135_596_800_000,)),
    ],
)
def test_a_value_is_read_as_its_type(type: Any, given: Any, wanted: tuple[Any, ...]) -> None:
    read = canonical(given, type)
    assert read == wanted
    kinds = {"keyword": str, "integer": int, "float": float, "boolean": bool, "date": int}
    assert all(value.__class__ is kinds[type] for value in read)


@pytest.mark.parametrize(
    ("type", "given", "reason"),
    [
        ("keyword", {"a": 1}, "is not a string"),
        ("keyword", [["a"]], "is not a string"),
        ("keyword", b"a", "is not a string"),
        ("keyword", "é" * 20_000, "20,000 characters is too long"),
        ("keyword", "\ud800", "surrogate"),
        ("integer", True, "True is not a whole number"),
        ("integer", 1.5, "1.5 is not a whole number"),
        ("integer", float("nan"), "nan is not a whole number"),
        ("integer", float("inf"), "inf is not a whole number"),
        ("integer", "1_000", "'1_000' is not a whole number"),
        ("integer", "five", "'five' is not a whole number"),
        ("integer", "", "'' is not a whole number"),
        ("integer", 2**63, "does not fit into 64 bits"),
        ("integer", "9" * 5000, "is not a whole number"),
        ("integer", {"a": 1}, "is not a whole number"),
        ("float", True, "True is not a number"),
        ("float", float("nan"), "nan is not a finite number: leave the field out"),
        ("float", "-inf", "not a finite number"),
        ("float", "1_0", "'1_0' is not a number"),
        pytest.param("float", 10**400, "too large", id="float-large"),
        ("float", np.complex128(1), "is not a number"),
        ("float", " ", "' ' is not a number"),
        ("float", [1.0, "x"], "'x' is not a number"),
        ("boolean", 1, "1 is neither true nor false"),
        ("boolean", "yes", "'yes' is neither true nor false"),
        ("date", "31.5.2024", "'31.5.2024' is not a date: write 2024-05-31"),
        ("date", np.datetime64("NaT"), "is not a date"),
        ("date", True, "True is not a date"),
        ("date", 1.5, "1.5 is not a date"),
        ("date", 2**60, "out of range"),
        ("date", {"a": 1}, "is not a date"),
        ("keyword", {"k": "x" * 500}, "..."),
    ],
)
def test_a_value_of_another_type_is_refused_with_a_reason(
    type: Any, given: Any, reason: str
) -> None:
    with pytest.raises(ValueError, match=r".") as raised:
        canonical(given, type)
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 250
