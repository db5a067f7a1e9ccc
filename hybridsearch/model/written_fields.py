"""A document's fields written out as JSON."""

from __future__ import annotations

from typing import Any, Final

import orjson

_JSON: Final = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_NAIVE_UTC


def written(value: Any) -> bytes:
    """JSON of a value, or of fields in their order; dates and numpy's numbers are known. Raises
    TypeError and ValueError."""
    return orjson.dumps(value, option=_JSON)


def as_read_back(value: Any) -> Any:
    """The value as whoever reads its JSON has it: dates are text, tuples are lists."""
    return orjson.loads(written(value))


def canonical_json(value: Any) -> bytes:
    """The same, sorted by name on every level: equal fields give equal bytes."""
    return orjson.dumps(value, option=_JSON | orjson.OPT_SORT_KEYS)
