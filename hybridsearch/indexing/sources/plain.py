"""Values of databases and columnar files as fields take them: text, numbers, lists, objects."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal
from typing import Any

import numpy as np


def plain(value: Any) -> Any:  # noqa: PLR0911 - one line for each kind of value
    """Dates as ISO 8601, decimals as numbers, everything that JSON has no word for as text.

    Bytes and arrays stay, since they may be vectors.
    """
    if value is None or isinstance(value, str | bool | int | float | bytes | np.ndarray):
        return value
    if isinstance(value, Decimal):
        fraction = value.as_tuple().exponent
        return int(value) if isinstance(fraction, int) and fraction >= 0 else float(value)
    if isinstance(value, date | time):  # a datetime is a date
        return value.isoformat()
    if isinstance(value, bytearray | memoryview):
        return bytes(value)
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(part) for part in value]
    return str(value)
