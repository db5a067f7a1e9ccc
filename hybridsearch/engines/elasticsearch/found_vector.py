"""What Elasticsearch's mapping says of a dense_vector that others made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.found_vector import FoundVector, found_vector
from hybridsearch.engines.cluster.similarity import Scale

_SCALES: Final[dict[str, Scale]] = {
    "cosine": "halved",
    "dot_product": "halved",
    "max_inner_product": "shifted",
    "l2_norm": "distance",
}
_NUMBERS: Final = frozenset({"float", "bfloat16"})


def dense_vector(name: str, field: Mapping[str, Any], nested: str | None) -> FoundVector | str:
    """The vector, or why it cannot serve as one."""
    kind = field.get("element_type", "float")
    if kind not in _NUMBERS:
        return f"its vectors are of {kind}, not of floats"
    if "dims" not in field:
        return "it has no dims yet, since no document has a vector"
    if not field.get("index", True):
        return "its vectors are kept and not indexed (index: false)"
    similarity = field.get("similarity", "cosine")
    if similarity not in _SCALES:
        return f"its vectors are compared by {similarity}, which is not known here"
    return found_vector(name, field["dims"], nested, _SCALES[similarity], similarity)
