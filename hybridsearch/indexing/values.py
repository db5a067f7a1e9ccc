"""Metadata values as filters and engines see them: one canonical type a field."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from hybridsearch.model.schema import FieldType

LONGEST_KEYWORD_BYTES = 32_766


def canonical(given: Any, type: FieldType) -> tuple[Any, ...]:
    """The values of a field, given one, a list of them, or None; raises ValueError with a reason.

    keyword: str; integer: int of 64 bits; float: float; boolean: bool; date: milliseconds since
    1970 UTC. Numbers and booleans written as text are read where they are exactly that.
    """
    if given is None:
        return ()
    if isinstance(given, np.ndarray):
        given = given.tolist()
    if not isinstance(given, list | tuple | set | frozenset):
        return (_READ[type](given),)
    read = _READ[type]
    return tuple(dict.fromkeys(read(value) for value in given if value is not None))


def _keyword(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{_shown(value)} is not a string")  # noqa: TRY004 - it is data
    if len(value.encode()) > LONGEST_KEYWORD_BYTES:
        raise ValueError(
            f"a keyword of {len(value):,} characters is too long (at most "
            f"{LONGEST_KEYWORD_BYTES:,} bytes): make it a text field"
        )
    return value


def _integer(value: Any) -> int:
    number: int | None = None
    if (isinstance(value, int | np.integer) and not isinstance(value, bool)) or (
        isinstance(value, float | np.floating) and float(value).is_integer()
    ):
        number = int(value)
    elif isinstance(value, str):
        try:
            number = int(value)
        except ValueError:
            number = None
    if number is None:
        raise ValueError(f"{_shown(value)} is not a whole number")
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number


def _float(value: Any) -> float:
    number: float | None = None
    if isinstance(value, int | float | np.number) and not isinstance(value, bool):
        number = float(value)
    elif isinstance(value, str):
        try:
            number = float(value)
        except ValueError:
            number = None
    if number is None:
        raise ValueError(f"{_shown(value)} is not a number")
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number: leave the field out instead")
    return number


def _boolean(value: Any) -> bool:
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"{_shown(value)} is neither true nor false")


def _date(value: Any) -> int:
    moment: datetime
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        moment = datetime(value.year, value.month, value.day, tzinfo=UTC)
    elif isinstance(value, int) and not isinstance(value, bool):
        if not -(2**53) < value < 2**53:
            raise ValueError(f"{value} is out of range for milliseconds since 1970")
        return value
    else:
        try:
            moment = datetime.fromisoformat(value.strip())
        except (ValueError, TypeError, AttributeError):
            raise ValueError(
                f"{_shown(value)} is not a date: write 2024-05-31 or 2024-05-31T10:00:00Z, "
                "or milliseconds since 1970"
            ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000


_READ = {
    "keyword": _keyword,
    "integer": _integer,
    "float": _float,
    "boolean": _boolean,
    "date": _date,
}


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
