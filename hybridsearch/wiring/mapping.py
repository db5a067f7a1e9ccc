"""The definition of an index on a cluster: rendered, compared with an index, applied."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from hybridsearch.encoding.load import DEFAULT_DIMS, DEFAULT_MODEL, NO_ENCODER, load_encoder
from hybridsearch.engines.calls import Create
from hybridsearch.engines.cluster.comparison import Difference, compare
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import index_body, read_shape
from hybridsearch.engines.cluster.rendering import rendered
from hybridsearch.engines.cluster.revising import (
    FoundIndex,
    change_index,
    check_changeable,
    read_index,
)
from hybridsearch.engines.cluster.search_template import search_template
from hybridsearch.engines.elasticsearch.esql import esql_statement
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError, IndexNotFoundError, SchemaError
from hybridsearch.fusion.settings import parse_fusion
from hybridsearch.fusion.table import Column
from hybridsearch.fusion.weights import weights_of
from hybridsearch.model.default_schema import default_schema
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.request import DEFAULT_FUSION
from hybridsearch.model.schema import Schema
from hybridsearch.searching.plan import retrievers
from hybridsearch.wiring.clusters import cluster_at
from hybridsearch.wiring.opening import create

DEFAULT_NAME = "default"
SEARCH_TEMPLATE = "search-template"


@dataclass(frozen=True)
class Wanted:
    """What an index is to be made of.

    schema: None for the index's own where there is one, else the default schema. encoder: a
    setting as text, "none" where documents bring their vectors, None for the index's own or the
    default. dims: of vector fields that leave them open; the encoder is then named in the index
    and not loaded, and its fingerprint not recorded. settings: of the index.
    """

    schema: Schema | None = None
    encoder: str | None = None
    dims: int | None = None
    settings: Mapping[str, Any] | None = None


def render_mapping(target: str, wanted: Wanted) -> dict[str, dict[str, Any]]:
    """The bodies of an index, of its templates and of a search template, by their names; no server
    is asked.

    target: ENGINE, ENGINE:NAME or a whole target. The encoder is loaded only where its dims are
    not known otherwise. Raises SchemaError, ConfigurationError and EncoderError.
    """
    engine, _, location = target.partition(":")
    if not location.startswith("//"):
        target = f"{engine}://localhost/{location or DEFAULT_NAME}"
    with _cluster(target, wanted) as cluster:
        definition = _new(wanted, load=False)
        settings = IndexSettings.of(wanted.settings)
        parts = rendered(cluster.name, definition, settings, cluster.dialect)
        schema = definition.schema
        lexical, dense = retrievers(schema)
        template = search_template(
            lexical, dense, _default_weights(schema), schema, settings, cluster.dialect
        )
        return {**parts, SEARCH_TEMPLATE: template}


def render_esql(name: str, schema: Schema, vectors: Sequence[str]) -> str:
    """The blend as an ES|QL statement on an index of Elasticsearch that holds its vectors in
    these fields of its documents; raises SchemaError where there is nothing to blend."""
    lexical, _ = retrievers(schema)
    if not lexical or not vectors:
        raise SchemaError("a blend needs a schema with a text field, and a vector field")
    columns = (Column.lexical(), *(Column.dense(field) for field in vectors))
    weights = weights_of(parse_fusion(DEFAULT_FUSION), columns)
    return esql_statement(name, lexical["lexical"], vectors, (weights[0], weights[1]))


def _default_weights(schema: Schema) -> dict[str, float]:
    """The weights of the default fusion, by the retriever's name."""
    lexical, dense = retrievers(schema)
    columns = (*map(Column.lexical, lexical), *map(Column.dense, dense))
    weights = weights_of(parse_fusion(DEFAULT_FUSION), columns)
    return {column.name: weight for column, weight in zip(columns, weights, strict=True)}


def compare_mapping(target: str, wanted: Wanted) -> list[Difference]:
    """What differs between the index and the rendering of its own schema, or of another."""
    with _cluster(target, wanted) as cluster:
        found = cluster.ask(read_index(cluster.name, target, cluster.dialect))
        return compare(found.body, _body(found, wanted, cluster))


def apply_mapping(target: str, wanted: Wanted) -> list[Difference] | None:
    """Make the index, and return None; one that is there is given what can be changed in place,
    and what that was is returned.

    The encoder of a new index is loaded unless dims are given. Raises MappingMismatchError where
    an index would have to be another one.
    """
    with _cluster(target, wanted) as cluster:
        try:
            found = cluster.ask(read_index(cluster.name, target, cluster.dialect))
        except IndexNotFoundError:
            cluster.perform([Create(_new(wanted, load=wanted.dims is None))])
            return None
        body = _body(found, wanted, cluster)
        differences = compare(found.body, body)
        check_changeable(differences, target)
        changes = [each for each in differences if not each.added_setting]
        if changes:
            cluster.ask(change_index(cluster.name, target, found, body))
        return changes


def _cluster(target: str, wanted: Wanted) -> AbstractContextManager[ClusterEngine]:
    options = EngineOptions(target, settings=wanted.settings)
    return cluster_at(options, f"there is no mapping at {target}")


def _new(wanted: Wanted, *, load: bool) -> IndexDefinition:
    """The definition of a new index; load: whether its encoder is loaded though nobody has to."""
    schema = wanted.schema or default_schema()
    setting = wanted.encoder or DEFAULT_MODEL
    if not schema.dense or setting == NO_ENCODER:
        return next(create(_with_dims(schema, wanted.dims), None, None)).definition
    if not load:
        known = wanted.dims or (DEFAULT_DIMS if setting == DEFAULT_MODEL else None)
        schema = _with_dims(schema, known)
    if load or any(field.dims is None for field in schema.dense.values()):
        return next(create(schema, setting, load_encoder(setting))).definition
    return replace(next(create(schema, None, None)).definition, encoder=setting)


def _with_dims(schema: Schema, dims: int | None) -> Schema:
    if dims is None:
        return schema
    for name, field in schema.dense.items():
        if field.dims not in {None, dims}:
            raise SchemaError(
                f"the vector field {name!r} says {field.dims} dims, not {dims}: leave one of the "
                "two out"
            )
    return schema.with_dims(dims)


def _body(found: FoundIndex, wanted: Wanted, cluster: ClusterEngine) -> dict[str, Any]:
    """What would be rendered now for an index that is there."""
    if read_shape(found.body["mappings"], cluster.name) is not None:
        raise ConfigurationError(
            f"the index {cluster.name} was adopted: its mapping is its own, and nothing is "
            "rendered for it"
        )
    there = found.definition
    schema = there.schema
    if wanted.schema is not None:
        dims = {name: field.dims for name, field in schema.dense.items()}
        dense = {
            name: field.model_copy(update={"dims": field.dims or dims.get(name)})
            for name, field in wanted.schema.dense.items()
        }
        schema = wanted.schema.model_copy(update={"dense": dense})
        schema = schema.with_dims(wanted.dims or next(iter(dims.values()), None) or DEFAULT_DIMS)
    encoder = there.encoder if wanted.encoder is None else wanted.encoder
    definition = IndexDefinition(
        schema, None if encoder == NO_ENCODER else encoder, there.fingerprint
    )
    return index_body(definition, found.settings.revised(wanted.settings), cluster.dialect)
