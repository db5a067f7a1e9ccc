"""A value as messages show it: short, whatever it is."""

from __future__ import annotations

from typing import Any, Final

LONGEST: Final = 60


def shown(value: Any) -> str:
    """How it is written in Python, its beginning where that is long."""
    try:
        text = repr(value)
    except RecursionError:
        return f"a {type(value).__name__} that is nested too deep"
    return text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
