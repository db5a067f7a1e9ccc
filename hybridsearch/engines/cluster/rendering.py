"""An index's definition in the pieces that operators apply by hand: its body, and templates.

An index template is composed of two component templates: one with the settings that are tuned by
who runs the cluster, one with the mapping and the settings it cannot do without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import index_body
from hybridsearch.model.definition import IndexDefinition

PRIORITY: Final = 500
PARTS: Final = ("index", "index-template", "component-settings", "component-mappings")


def rendered(
    name: str, definition: IndexDefinition, settings: IndexSettings, dialect: Dialect
) -> dict[str, dict[str, Any]]:
    """The body of each of PARTS: of the index `name`, and of the templates for `name-*`."""
    needed = dialect.settings(settings, vectors=bool(definition.schema.dense))
    return in_parts(name, index_body(definition, settings, dialect), needed)


def in_parts(
    name: str, index: dict[str, Any], needed: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """An index's body in PARTS; needed: the settings that its fields cannot do without."""
    tuned = {key: value for key, value in index["settings"]["index"].items() if key not in needed}
    fields: dict[str, Any] = {"mappings": index["mappings"]}
    if needed:
        fields = {"settings": {"index": dict(needed)}, **fields}
    bodies = (
        index,
        {
            "index_patterns": [f"{name}-*"],
            "priority": PRIORITY,
            "composed_of": [f"{name}-settings", f"{name}-mappings"],
        },
        {"template": {"settings": {"index": tuned}}},
        {"template": fields},
    )
    return dict(zip(PARTS, bodies, strict=True))
