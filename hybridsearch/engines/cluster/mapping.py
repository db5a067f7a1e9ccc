"""From a schema to an index: its mapping and its settings, as the products take them.

Each vector field is a nested one: an object a passage, with its place in the text and its vector.
What a document brings beside the schema lies in `_extra`, stored and not indexed; its digests lie
in `_digests`, where nothing searches them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.errors import (
    ConfigurationError,
    EngineError,
    MappingMismatchError,
    SchemaError,
)
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema

ID: Final = "id"
EXTRA: Final = "_extra"
DIGESTS: Final = "_digests"
VECTOR: Final = "vector"
META: Final = "hybridsearch"
KEYWORD_CHARACTERS: Final = 256
# What the products leave out of a mapping that they show.
_DEFAULTS: Final = {
    "type": "object",
    "analyzer": "standard",
    "similarity": "cosine",
    "space_type": "l2",
}
_TYPES: Final = {
    "keyword": {"type": "keyword"},
    "integer": {"type": "long"},
    "float": {"type": "double"},
    "boolean": {"type": "boolean"},
    "date": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
}


def index_body(
    definition: IndexDefinition, settings: IndexSettings, dialect: Dialect
) -> dict[str, Any]:
    """The body that makes the index."""
    return {
        "settings": {"index": index_settings(definition.schema, settings, dialect)},
        "mappings": mapping(definition, settings, dialect),
    }


def index_settings(schema: Schema, settings: IndexSettings, dialect: Dialect) -> dict[str, Any]:
    """Shards, replicas, refresh, and what the product needs beside them."""
    return {
        "number_of_shards": settings.shards,
        "number_of_replicas": settings.replicas,
        "refresh_interval": settings.refresh_interval,
        **dialect.settings(settings, vectors=bool(schema.dense)),
    }


def mapping(
    definition: IndexDefinition, settings: IndexSettings, dialect: Dialect
) -> dict[str, Any]:
    """The fields, strict, and what the index remembers of its schema and its encoder."""
    return {
        "dynamic": "strict",
        "_meta": {META: remembered(definition, settings)},
        "properties": properties(definition.schema, settings, dialect),
    }


def properties(schema: Schema, settings: IndexSettings, dialect: Dialect) -> dict[str, Any]:
    """The fields alone."""
    place = {"type": "integer", "index": False}
    return {
        ID: {"type": "keyword"},
        EXTRA: {"type": "object", "enabled": False},
        DIGESTS: digest_fields(),
        **{
            name: {
                "type": "text",
                "analyzer": field.analyzer,
                "fields": {
                    "keyword": {"type": "keyword", "ignore_above": KEYWORD_CHARACTERS},
                },
            }
            for name, field in schema.text.items()
        },
        **{name: _TYPES[field.type] for name, field in schema.metadata.items()},
        **{
            name: {
                "type": "nested",
                "dynamic": "strict",
                "properties": {
                    "start": place,
                    "end": place,
                    VECTOR: dialect.vector_field(field.dims or 1, settings),
                },
            }
            for name, field in schema.dense.items()
        },
    }


def own_shape(schema: Schema, settings: IndexSettings, dialect: Dialect) -> Shape:
    """What `properties` makes of a schema."""
    vectors = {name: dialect.vector_shape(name, settings) for name in schema.dense}
    return Shape(ID, vectors, own=True)


def digest_fields() -> dict[str, Any]:
    """The field of digests and of the version that was given, which an index may lack that was made
    before there were any."""
    unsearched = {"type": "keyword", "index": False}
    properties = {
        "document": unsearched,
        "text": unsearched,
        "version": {"type": "long", "index": False},
    }
    return {"dynamic": "strict", "properties": properties}


def read_meta(found: Mapping[str, Any], target: str) -> tuple[IndexDefinition, IndexSettings]:
    """The definition and settings that a mapping remembers; raises EngineError without them."""
    known = found.get("_meta", {}).get(META)
    if not isinstance(known, Mapping):
        raise EngineError(
            f"the index at {target} was not made by hybridsearch: its mapping has no "
            f"_meta.{META}; `hybridsearch adopt {target}` lets it be searched as it is, or index "
            "its documents into a new one"
        )
    try:
        settings = IndexSettings.of(known.get("settings"))
        return IndexDefinition.from_dict(known), settings
    except (KeyError, TypeError, ValueError, ConfigurationError, SchemaError) as error:
        raise MappingMismatchError(
            f"the index at {target} cannot be read: its mapping's _meta.{META} is damaged "
            f"({type(error).__name__}: {error}): index the source again into a new one"
        ) from error


def read_shape(found: Mapping[str, Any], target: str) -> Shape | None:
    """The shape of an index that was adopted, as its mapping remembers it; None for another."""
    known = found.get("_meta", {}).get(META, {}).get("shape")
    if known is None:
        return None
    try:
        return Shape.from_dict(known)
    except (KeyError, TypeError, AttributeError) as error:
        raise MappingMismatchError(
            f"the index at {target} cannot be read: its mapping's _meta.{META}.shape is damaged "
            f"({type(error).__name__}: {error}): adopt it again"
        ) from error


def remembered(
    definition: IndexDefinition, settings: IndexSettings, shape: Shape | None = None
) -> dict[str, Any]:
    """What an index remembers in `_meta`; shape: of one that is adopted."""
    known = {**definition.as_dict(), "settings": settings.model_dump()}
    return known if shape is None else {**known, "shape": shape.as_dict()}


def check_mapping(found: Mapping[str, Any], wanted: Mapping[str, Any], target: str) -> None:
    """Raises MappingMismatchError for the first fields whose type or dims are not as wanted."""
    differing = list(differences(found, wanted))
    if differing:
        raise MappingMismatchError(
            f"the mapping of the index at {target} does not fit its schema: "
            f"{'; '.join(differing[:5])}: somebody changed the index or its _meta; index the "
            "source again into a new one"
        )


def mapping_of(body: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """What a mapping's body says of a field or sub-field, by its dotted name."""
    inner = {**body.get("properties", {}), **body.get("fields", {})}
    if name in inner:
        found: Mapping[str, Any] = inner[name]
        return found
    first, _, rest = name.partition(".")
    return mapping_of(inner[first], rest) if rest and first in inner else None


def relied_on(field: Mapping[str, Any]) -> dict[str, Any]:
    """What scores and filters depend on, of what a field's mapping says."""
    method = field.get("method")
    said = {**field, **method} if isinstance(method, Mapping) else field
    return {key: said[key] for key in (*_DEFAULTS, "dims", "dimension") if key in said}


def differences(
    found: Mapping[str, Any], wanted: Mapping[str, Any], place: str = ""
) -> Iterator[str]:
    """What a search relies on and is not there: types, dims, analyzers, similarities, by field."""
    for name, field in wanted.items():
        there = mapping_of({"properties": found}, name)
        if not isinstance(there, Mapping):
            yield f"{place}{name} is missing"
            continue
        known = relied_on(there)
        for key, value in relied_on(field).items():
            if known.get(key, _DEFAULTS.get(key)) != value:
                yield f"{place}{name} has {key} {known.get(key, _DEFAULTS.get(key))}, not {value}"
        yield from differences(
            there.get("properties", {}), field.get("properties", {}), f"{place}{name}."
        )
