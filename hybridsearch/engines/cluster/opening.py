"""Creating an index on a cluster, and opening one: asked of the server, checked, remembered."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any

import orjson

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.found_fields import check_adopted
from hybridsearch.engines.cluster.index import ClusterIndex, index_path
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import (
    DIGESTS,
    META,
    check_mapping,
    index_body,
    properties,
    read_meta,
    read_shape,
)
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.server import ask_server
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import EngineError, MappingMismatchError
from hybridsearch.model.definition import IndexDefinition


def create_index(
    name: str,
    target: str,
    definition: IndexDefinition,
    settings: Mapping[str, Any] | None,
    dialect: Dialect,
) -> Generator[HttpRequest, HttpReply, ClusterIndex]:
    """Make the index; it is there whole or not at all.

    Raises MappingMismatchError where an index template of the cluster mixes its own fields in.
    """
    definition.schema.check_makeable()
    chosen = IndexSettings.of(settings)
    server = yield from ask_server(target)
    dialect.check(server)
    made = ClusterIndex(name, target, definition, chosen, dialect, server)
    body = index_body(definition, chosen, dialect)
    reply = yield HttpRequest("PUT", made.path, orjson.dumps(body), writes=True)
    check_reply(reply, f"to make the index {name}", target=target)
    yield from _check_made(made, body["mappings"]["_meta"])
    return made


def _check_made(made: ClusterIndex, meta: Mapping[str, Any]) -> Generator[HttpRequest, Any, None]:
    """What a template says of `_meta` is merged into what was asked for: the index would then be
    opened with another schema than it was made with."""
    reply = yield HttpRequest("GET", f"{made.path}/_mapping")
    body = check_reply(reply, f"for the mapping of {made.name}", target=made.target)
    if _sorted(only_index(body, made.target)["mappings"].get("_meta", {}).get(META)) == _sorted(
        meta[META]
    ):
        return
    yield HttpRequest("DELETE", made.path, writes=True)
    raise MappingMismatchError(
        f"an index template of the cluster has other fields for the name {made.name}, and would "
        f"mix them into the index at {made.target}, which was not made: give another name, or "
        f"change the template (GET /_index_template names them)"
    )


def open_index(
    name: str, target: str, settings: Mapping[str, Any] | None, dialect: Dialect
) -> Generator[HttpRequest, HttpReply, ClusterIndex]:
    """An index that is there, its mapping checked against the schema it remembers."""
    server = yield from ask_server(target)
    dialect.check(server)
    reply = yield HttpRequest("GET", f"{index_path(name)}/_mapping")
    body = check_reply(reply, f"for the mapping of {name}", target=target)
    found = only_index(body, target)["mappings"]
    definition, remembered = read_meta(found, target)
    there = found.get("properties", {})
    shape = read_shape(found, target)
    if shape is None:
        wanted = properties(definition.schema, remembered, dialect)
        if DIGESTS not in there:
            del wanted[DIGESTS]
        check_mapping(there, wanted, target)
    else:
        check_adopted(found, definition.schema, shape, target)
    chosen = remembered.at_opening(settings)
    return ClusterIndex(name, target, definition, chosen, dialect, server, DIGESTS in there, shape)


def only_index(body: Mapping[str, Any], target: str) -> Mapping[str, Any]:
    """The one index of a reply that is by index; raises EngineError where there are several."""
    if len(body) != 1:
        raise EngineError(
            f"{target} names {len(body)} indices ({', '.join(sorted(body)[:5])}): name one, or an "
            "alias of one"
        )
    found: Mapping[str, Any] = next(iter(body.values()))
    return found


def _sorted(value: Any) -> bytes:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
