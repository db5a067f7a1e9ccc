"""A vector field that an index is given which has none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import DIGESTS, digest_fields, properties
from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.model.schema import DenseField, Schema


@dataclass(frozen=True)
class AddedField:
    """Its name, the text fields that it embeds, and its dims."""

    name: str
    embeds: Sequence[str]
    dims: int


@dataclass(frozen=True)
class Added:
    """The schema and the settings with it, its place, and what goes into the mapping."""

    schema: Schema
    settings: IndexSettings
    shape: VectorShape
    properties: Mapping[str, Any]


def added_field(
    field: AddedField,
    schema: Schema,
    settings: IndexSettings,
    there: Mapping[str, Any],
    dialect: Dialect,
) -> Added:
    """The field as an index that is made here has it; there: the settings that the index has.

    Where the index was made without what a graph of vectors needs, vectors are all compared.
    """
    made = Schema(
        text=schema.text,
        metadata=schema.metadata,
        dense={field.name: DenseField(embeds=tuple(field.embeds), dims=field.dims)},
        unknown_fields=schema.unknown_fields,
    )
    needed = dialect.settings(settings, vectors=True)
    if any(str(there.get(name)).lower() != str(value).lower() for name, value in needed.items()):
        settings = settings.revised({"vector_index": "flat"})
    shape = dialect.vector_shape(field.name, settings)
    fields = properties(made, settings, dialect)
    return Added(made, settings, shape, {field.name: fields[field.name], DIGESTS: digest_fields()})
