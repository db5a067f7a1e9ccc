"""An index as it is beside what would be rendered: the differences, place by place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.mapping import DIGESTS, META

# What the products write into every index by themselves.
_BOOKKEEPING: Final = re.compile(
    r"settings\.index\.(uuid|creation_date.*|provided_name|version\..*|history\.uuid|"
    r"routing\.allocation\.include\._tier_preference|replication\.type|knn\.derived_source\..*|"
    r"resize\..*|verified_before_close)"
)
# What they do not repeat where it is their default.
_DEFAULTS: Final = {
    "format": "strict_date_optional_time||epoch_millis",
    "analyzer": "standard",
    "index": True,
}
_VECTORS: Final = frozenset({"dense_vector", "knn_vector"})
_REMEMBERED: Final = f"mappings._meta.{META}."
_IN_PLACE: Final = re.compile(
    r"settings\.index\.(number_of_replicas|refresh_interval)|"
    rf"mappings\.properties\.{DIGESTS}|"
    + re.escape(_REMEMBERED)
    + r"(settings\.(replicas|refresh_interval|dfs|effort)|"
    r"schema\.(text\..*\.weight|unknown_fields))"
)
_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Difference:
    """What one place holds in the index and in the rendering; None where it is absent."""

    place: str
    index: Any
    rendered: Any

    @property
    def in_place(self) -> bool:
        """Whether an index that exists can be given what was rendered."""
        return self.rendered is not None and _IN_PLACE.fullmatch(self.place) is not None

    @property
    def added_setting(self) -> bool:
        """Whether it is a setting that somebody gave the index beside what is rendered."""
        return self.rendered is None and self.place.startswith("settings.")

    def __str__(self) -> str:
        if self.rendered is None:
            return f"{self.place}: only in the index ({_short(self.index)})"
        if self.index is None:
            return f"{self.place}: not in the index ({_short(self.rendered)} rendered)"
        return f"{self.place}: {_short(self.index)} in the index, {_short(self.rendered)} rendered"


def compare(found: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[Difference]:
    """The differences between `settings` and `mappings` of an index and of a rendered body.

    What a product adds by itself, and defaults that it leaves out, are none.
    """
    settings = compare_trees(
        _flat(found["settings"], "settings."), _flat(wanted["settings"], "settings.")
    )
    mappings = compare_trees(found["mappings"], wanted["mappings"], "mappings.")
    return [
        *(each for each in settings if _BOOKKEEPING.fullmatch(each.place) is None),
        *mappings,
    ]


def compare_trees(
    found: Mapping[str, Any], wanted: Mapping[str, Any], place: str = ""
) -> Iterator[Difference]:
    """The differences of two objects, each at the highest place where one side lacks it."""
    names = [*wanted, *(name for name in found if name not in wanted)]
    for name in names:
        there = found.get(name, _DEFAULTS.get(name, _ABSENT) if name in wanted else _ABSENT)
        asked = wanted.get(name, _ABSENT)
        if isinstance(there, Mapping) and isinstance(asked, Mapping):
            yield from compare_trees(there, asked, f"{place}{name}.")
        elif asked is _ABSENT and _added_by_product(name, place, found, wanted):
            continue
        elif there is _ABSENT or asked is _ABSENT or _text(there) != _text(asked):
            yield Difference(f"{place}{name}", _given(there), _given(asked))


def _added_by_product(
    name: str, place: str, found: Mapping[str, Any], wanted: Mapping[str, Any]
) -> bool:
    """What else a product says of a vector differs by version; so does how it writes an object."""
    if place.startswith("mappings._meta."):
        return False
    within_vector = wanted.get("type") in _VECTORS or re.search(
        r"\.vector\.(index_options|method)\.", place
    )
    return bool(within_vector) or (name == "type" and found["type"] == "object")


def _flat(tree: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Settings by their dotted names below `place`: they may be written either way."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            flat.update(_flat(value, f"{place}{name}."))
        else:
            flat[f"{place}{name}"] = value
    return flat


def _text(value: Any) -> str:
    """Values as the products compare them: 1 and "1", true and "true" are the same."""
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _given(value: Any) -> Any:
    # None is absence; what is there and null differs from it by its text.
    return None if value is _ABSENT else "null" if value is None else value


def _short(value: Any) -> str:
    text = orjson.dumps(value).decode()
    return text if len(text) <= 80 else text[:79] + "…"
