"""Vectors as databases and tables write them: pgvector's text `[0.6,0.8]`, and bytes of float32."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np
import orjson

_NUMBER: Final = r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"
_TEXT: Final = re.compile(rf"\[({_NUMBER},)*{_NUMBER}\]")


def unwritten(value: Any) -> Any:
    """The numbers of a vector that is written as text or as bytes (float32, little-endian); every
    other value as it is."""
    if isinstance(value, str) and value.startswith("[") and _TEXT.fullmatch(value):
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:  # such as .5, which JSON does not know
            return [float(number) for number in value[1:-1].split(",")]
    if isinstance(value, bytes) and value and len(value) % 4 == 0:
        return np.frombuffer(value, dtype="<f4")
    return value
