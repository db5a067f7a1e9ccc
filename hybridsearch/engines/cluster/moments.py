"""Moments as both products read them, also those before 1970."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_ISO_YEARS: Final = (-62_135_596_800_000, 253_402_300_799_999)


def iso_moment(milliseconds: int) -> str | int:
    """A moment as text, where calendars go so far."""
    if not _ISO_YEARS[0] <= milliseconds <= _ISO_YEARS[1]:
        return milliseconds
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
