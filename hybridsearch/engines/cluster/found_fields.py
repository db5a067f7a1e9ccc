"""The fields of an index that others made, and what each can serve as: text, metadata, a vector."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, get_args

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.mapping import DIGESTS, VECTOR, mapping_of
from hybridsearch.engines.cluster.shape import Shape, VectorShape
from hybridsearch.errors import MappingMismatchError
from hybridsearch.model.schema import (
    CUSTOM_ANALYZER,
    RESERVED,
    Analyzer,
    FieldType,
    Schema,
    usable_name,
)

_PASSAGE: Final = {"start", "end", VECTOR}
_TEXT: Final = frozenset({"text", "search_as_you_type"})
_METADATA: Final[dict[str, FieldType]] = {
    "keyword": "keyword",
    "constant_keyword": "keyword",
    **dict.fromkeys(("long", "integer", "short", "byte", "unsigned_long"), "integer"),
    **dict.fromkeys(("double", "float", "half_float", "scaled_float"), "float"),
    "boolean": "boolean",
    "date": "date",
    "date_nanos": "date",
}
_VECTORS: Final = frozenset({"dense_vector", "knn_vector"})
_ANALYZERS: Final = frozenset(get_args(Analyzer))
_OTHERS: Final = {
    "match_only_text": "it keeps no counts of words, so that all matches score alike",
    "semantic_text": "the server embeds it by itself and keeps the vectors to itself",
    "alias": "it is another name of a field: take that one",
}


@dataclass(frozen=True, slots=True)
class FoundField:
    """A field, and what it can serve as: at most one of text, metadata and vector.

    name: dotted; type: in the product's words; analyzer: of a text, by a schema's name of it;
    metadata: its type in a schema; vector, dims: of vectors; part: whether it is a sub-field, whose
    values are another field's; remark: why it can serve as nothing, or what to know of it.
    """

    name: str
    type: str
    analyzer: str | None = None
    metadata: FieldType | None = None
    vector: VectorShape | None = None
    dims: int | None = None
    part: bool = False
    remark: str = ""

    @property
    def serves(self) -> str | None:
        """What it can serve as, in a word."""
        if self.analyzer is not None:
            return "text"
        if self.metadata is not None:
            return "metadata"
        return "vector" if self.vector is not None else None


def found_fields(
    body: Mapping[str, Any], settings: Mapping[str, Any], dialect: Dialect
) -> list[FoundField]:
    """All fields of a mapping's body; settings: of the index, by dotted names."""
    reading = _Reading(dialect, settings)
    return list(reading.fields(body.get("properties", {}), "", None))


def check_adopted(found: Mapping[str, Any], schema: Schema, shape: Shape, target: str) -> None:
    """Raises MappingMismatchError where fields are gone that it was adopted with."""
    vectors = {vector.vector: schema.dense[name].dims for name, vector in shape.vectors.items()}
    wrong = [
        f"{name} is missing"
        for name in (*schema.text, *schema.metadata, *vectors)
        if mapping_of(found, name) is None
    ]
    for name, dims in vectors.items():
        there = mapping_of(found, name) or {}
        known = there.get("dims", there.get("dimension", dims))
        if known != dims:
            wrong.append(f"{name} has {known} dims, not {dims}")
    if wrong:
        raise MappingMismatchError(
            f"the mapping of the index at {target} does not fit the schema that it was adopted "
            f"with: {'; '.join(wrong[:5])}: adopt it again"
        )


@dataclass(frozen=True)
class _Reading:
    dialect: Dialect
    settings: Mapping[str, Any]

    def fields(
        self, properties: Mapping[str, Any], place: str, nested: str | None
    ) -> Iterator[FoundField]:
        for key, field in properties.items():
            name = f"{place}{key}"
            kind = field.get("type", "object")
            inner = field.get("properties")
            if name == DIGESTS:
                continue
            if kind == "nested" and inner and inner.keys() == _PASSAGE:
                yield self._passages(name, inner[VECTOR])
                continue
            if kind in {"object", "nested"} and inner and field.get("enabled", True):
                yield from self.fields(inner, f"{name}.", name if kind == "nested" else nested)
                continue
            yield self._field(name, kind, field, nested)
            for part, told in field.get("fields", {}).items():
                found = self._field(f"{name}.{part}", told["type"], told, nested, part=True)
                if found.serves:
                    yield found

    def _field(
        self,
        name: str,
        kind: str,
        field: Mapping[str, Any],
        nested: str | None,
        *,
        part: bool = False,
    ) -> FoundField:
        if wrong := _not_usable(name):
            return FoundField(name, kind, remark=wrong)
        if kind in _VECTORS:
            return self._vector(name, kind, field, nested)
        if nested is not None:
            return FoundField(name, kind, remark=f"it lies within the nested objects of {nested}")
        if kind in _TEXT and field.get("index", True):
            analyzer, remark = self._analyzer(field)
            return FoundField(name, kind, analyzer=analyzer, part=part, remark=remark)
        if kind in _METADATA and (field.get("index", True) or field.get("doc_values", True)):
            remark = _remark_on_keyword(field)
            return FoundField(name, kind, metadata=_METADATA[kind], part=part, remark=remark)
        return FoundField(name, kind, remark=_why_not(kind, field))

    def _vector(
        self, name: str, kind: str, field: Mapping[str, Any], nested: str | None
    ) -> FoundField:
        found = self.dialect.found_vector(name, field, nested, self.settings)
        if isinstance(found, str):
            return FoundField(name, kind, remark=found)
        return FoundField(name, kind, vector=found.shape, dims=found.dims, remark=found.remark)

    def _passages(self, name: str, field: Mapping[str, Any]) -> FoundField:
        """A field that was added here, as an index that is made here has it."""
        found = self._vector(f"{name}.{VECTOR}", "nested", field, name)
        own = None if found.vector is None else replace(found.vector, places=True)
        return replace(found, name=name, vector=own)

    def _analyzer(self, field: Mapping[str, Any]) -> tuple[str, str]:
        """A schema's name of the analyzer, and what the index calls it where that differs."""
        own = {
            name.removeprefix("analysis.analyzer.").split(".")[0]
            for name in self.settings
            if name.startswith("analysis.analyzer.")
        }
        default = "default" if "default" in own else "standard"
        named = field.get("analyzer", default)
        asked = field.get("search_analyzer", named)
        if named in _ANALYZERS - own and asked == named:
            return named, ""
        both = named if asked == named else f"{named}, {asked} for queries"
        return CUSTOM_ANALYZER, f"by the index's own analyzer {both}"


def _not_usable(name: str) -> str:
    if name in RESERVED:
        return "id is the document's own id, which is in _id"
    if not usable_name(name):
        return "a schema cannot name it"
    return ""


def _why_not(kind: str, field: Mapping[str, Any]) -> str:
    if not field.get("enabled", True) or not field.get("index", True):
        return "it is kept and not indexed"
    return _OTHERS.get(kind, f"{kind} is none of these")


def _remark_on_keyword(field: Mapping[str, Any]) -> str:
    if normalizer := field.get("normalizer"):
        return f"values are compared as its normalizer {normalizer} makes them"
    return ""
