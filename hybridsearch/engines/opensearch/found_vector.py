"""What OpenSearch's mapping says of a knn_vector that others made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.found_vector import FoundVector, found_vector
from hybridsearch.engines.cluster.similarity import Scale

_SCALES: Final[dict[str, Scale]] = {
    "cosinesimil": "halved",
    "innerproduct": "shifted",
    "l2": "distance",
}


def knn_vector(
    name: str, field: Mapping[str, Any], nested: str | None, settings: Mapping[str, Any]
) -> FoundVector | str:
    """The vector, or why it cannot serve as one."""
    kind = field.get("data_type", "float")
    if kind != "float":
        return f"its vectors are of {kind}, not of floats"
    if "dimension" not in field:
        return "a model that was trained on the server says its dims, and not the mapping"
    method = field.get("method", {})
    default = settings.get("knn.space_type", "l2")
    space = method.get("space_type") or field.get("space_type") or default
    graph = str(settings.get("knn", "false")).lower() == "true"
    scale = _SCALES.get(space) if graph else None
    return found_vector(name, field["dimension"], nested, scale, space)
