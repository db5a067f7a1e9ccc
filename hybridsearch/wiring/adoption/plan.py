"""The plan of an adoption: what fields serve as, what is remembered, and what field is added."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.cluster.adoption import ForeignIndex
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.found_fields import FoundField
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.errors import ConfigurationError, EncoderMismatchError
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.adoption.added import AddedField, added_field
from hybridsearch.wiring.adoption.checking import judged
from hybridsearch.wiring.adoption.choosing import Found, Roles, chosen_roles
from hybridsearch.wiring.adoption.wanted import Wanted


@dataclass(frozen=True)
class Plan:
    """fields: all that there are; schema, settings, shape: as they are remembered; added: the
    vector field that the index is given, by name, with all that goes into its mapping."""

    fields: tuple[FoundField, ...]
    schema: Schema
    settings: IndexSettings
    shape: Shape
    added: str | None = None
    properties: Mapping[str, Any] = field(default_factory=dict)


def plan_adoption(
    foreign: ForeignIndex, wanted: Wanted, encoder: Encoder | None, dialect: Dialect
) -> Plan:
    """Decide; raises ConfigurationError and EncoderMismatchError for what cannot be."""
    fields = tuple(judged(each, foreign.samples) for each in foreign.fields)
    found = Found({each.name: each for each in fields}, foreign.samples)
    roles = chosen_roles(found, wanted)
    schema = _schema(roles, found.fields, encoder)
    settings = _settings(foreign, wanted.settings)
    if roles.vectors or encoder is None:
        if roles.added is not None:
            raise ConfigurationError(
                f"the index has no field {roles.added}: it is added where documents are to get "
                "vectors, so say by which encoder (--encoder), or name a field that there is"
            )
        vectors = {name: shape for name in roles.vectors if (shape := found.fields[name].vector)}
        return Plan(fields, schema, settings, Shape(wanted.id, vectors))
    name = roles.added or _free_name(found)
    new = AddedField(name, roles.embeds, encoder.dims)
    added = added_field(new, schema, settings, foreign.settings, dialect)
    given = Shape(wanted.id, {name: added.shape})
    return Plan(fields, added.schema, added.settings, given, name, added.properties)


def _free_name(found: Found) -> str:
    name = "dense"
    if any(each == name or each.startswith(f"{name}.") for each in found.fields):
        raise ConfigurationError(
            f"the index has a field {name}, whose vectors cannot serve: name another for the "
            "vectors that are to be made (--vector NAME)"
        )
    return name


def _settings(foreign: ForeignIndex, given: Mapping[str, Any] | None) -> IndexSettings:
    """Those of the index as far as they are known here, so that another can be made like it."""
    known = {
        "shards": foreign.settings.get("number_of_shards", 1),
        "replicas": foreign.settings.get("number_of_replicas", 1),
    }
    return IndexSettings.of({**known, **(given or {})})


def _schema(roles: Roles, known: Mapping[str, FoundField], encoder: Encoder | None) -> Schema:
    for name in roles.vectors:
        if encoder is not None and known[name].dims != encoder.dims:
            raise EncoderMismatchError(
                f"{name} has vectors of {known[name].dims} dims, but the encoder "
                f"{encoder.name!r} gives {encoder.dims}: name the encoder that made them"
            )
    return Schema(
        text={
            name: {"analyzer": known[name].analyzer, "weight": weight}
            for name, weight in roles.text.items()
        },
        metadata={name: known[name].metadata for name in roles.metadata},
        dense={name: _dense(known[name], roles.embeds, encoder) for name in roles.vectors},
    )


def _dense(found: FoundField, embeds: Sequence[str], encoder: Encoder | None) -> dict[str, Any]:
    dense: dict[str, Any] = {"embeds": list(embeds), "dims": found.dims}
    if encoder is not None and found.vector is not None and found.vector.nested is None:
        # A document has one vector there: of as much of its text as goes into one.
        dense |= {"window": max(encoder.token_limit, 8), "overlap": 0}
    return dense
