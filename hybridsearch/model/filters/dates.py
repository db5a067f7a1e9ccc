"""Dates of filters: a moment, or a whole day where no time is given, in milliseconds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Moments:
    """From the first to the last millisecond (since 1970 UTC) that a date stands for."""

    first: int
    last: int


def moments(value: Any) -> Moments:
    """Of ISO 8601 text, a datetime or a date; without an offset it is UTC. Raises ValueError."""
    if isinstance(value, str):
        text = value.strip()
        try:
            return _day(date.fromisoformat(text))
        except ValueError:
            return _moment(datetime.fromisoformat(text))
    if isinstance(value, datetime):
        return _moment(value)
    if isinstance(value, date):
        return _day(value)
    raise ValueError("not a date")


def _day(day: date) -> Moments:
    first = _milliseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
    return Moments(first, first + 86_400_000 - 1)


def _moment(moment: datetime) -> Moments:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    at = _milliseconds(moment)
    return Moments(at, at)


def _milliseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // _MILLISECOND
