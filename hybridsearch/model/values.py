"""Metadata values as filters and engines see them: one canonical type a field."""

from __future__ import annotations

import math
import re
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from hybridsearch.model.schema import LONGEST_KEYWORD_BYTES, FieldType
from hybridsearch.model.shown import shown

_PLAIN = frozenset({str, int, float, bool})
# What Python reads as a number is wider: underscores, and digits without end.
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")


def canonical(given: Any, type: FieldType) -> tuple[Any, ...]:
    """The values of a field, given one, a list of them, or None; raises ValueError with a reason.

    keyword: str; integer: int of 64 bits; float: float; boolean: bool; date: milliseconds since
    1970 UTC. Numbers and booleans written as text are read where they are exactly that.
    """
    if given is None:
        return ()
    if given.__class__ in _PLAIN:  # most of all values
        return (_READ[type](given),)
    if isinstance(given, np.ndarray):
        given = list(given) if given.ndim else given[()]
    values = given if isinstance(given, list | tuple | set | frozenset) else (given,)
    read = _READ[type]
    return tuple(dict.fromkeys(read(_plain(value)) for value in values if value is not None))


def _plain(value: Any) -> Any:
    if isinstance(value, np.datetime64):
        # In other units `item` gives a number that would be taken for milliseconds.
        value = value.astype("datetime64[us]")
    return value.item() if isinstance(value, np.generic) else value


def _keyword(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{shown(value)} is not a string")  # noqa: TRY004 - it is data
    if len(value.encode()) > LONGEST_KEYWORD_BYTES:
        raise ValueError(
            f"a keyword of {len(value):,} characters is too long (at most "
            f"{LONGEST_KEYWORD_BYTES:,} bytes): make it a text field"
        )
    return value


def _integer(value: Any) -> int:
    whole = (
        (isinstance(value, int) and not isinstance(value, bool))
        or (isinstance(value, float) and value.is_integer())
        or (isinstance(value, str) and _INTEGER.fullmatch(value.strip()))
    )
    if not whole:
        raise ValueError(f"{shown(value)} is not a whole number")
    number = int(value)
    if not -(2**63) <= number < 2**63:
        raise ValueError(f"{number} does not fit into 64 bits")
    return number


def _float(value: Any) -> float:
    number: float | None = None
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        number = _as_float(value)
    if number is None:
        raise ValueError(f"{shown(value)} is not a number")
    if not math.isfinite(number):
        raise ValueError(f"{number} is not a finite number: leave the field out instead")
    return number


def _as_float(value: float | str) -> float | None:
    if isinstance(value, str) and "_" in value:
        return None
    try:
        return float(value)
    except ValueError:
        return None
    except OverflowError:
        raise ValueError(f"{shown(value)} is too large for a number of 64 bits") from None


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"true", "false"}:
        return value.lower() == "true"
    raise ValueError(f"{shown(value)} is neither true nor false")


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
                f"{shown(value)} is not a date: write 2024-05-31 or 2024-05-31T10:00:00Z, "
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
