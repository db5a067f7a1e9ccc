"""Creating an index on a cluster, and opening one: asked of the server, checked, remembered."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any
from urllib.parse import quote

import orjson

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import check_mapping, index_body, properties, read_meta
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.server import ask_server
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import EngineError
from hybridsearch.model.definition import IndexDefinition


def create_index(
    name: str,
    target: str,
    definition: IndexDefinition,
    settings: Mapping[str, Any] | None,
    dialect: Dialect,
) -> Generator[HttpRequest, HttpReply, ClusterIndex]:
    """Make the index; it is there whole or not at all."""
    chosen = IndexSettings.of(settings)
    server = yield from ask_server(target)
    dialect.check(server)
    made = ClusterIndex(name, target, definition, chosen, dialect, server)
    body = orjson.dumps(index_body(definition, chosen, dialect))
    reply = yield HttpRequest("PUT", made.path, body, writes=True)
    check_reply(reply, f"to make the index {name}", target=target)
    return made


def open_index(
    name: str, target: str, settings: Mapping[str, Any] | None, dialect: Dialect
) -> Generator[HttpRequest, HttpReply, ClusterIndex]:
    """An index that is there, its mapping checked against the schema it remembers."""
    server = yield from ask_server(target)
    dialect.check(server)
    reply = yield HttpRequest("GET", f"/{quote(name, safe='')}/_mapping")
    body = check_reply(reply, f"for the mapping of {name}", target=target)
    if len(body) != 1:
        raise EngineError(
            f"{target} names {len(body)} indices ({', '.join(sorted(body)[:5])}): name one, or an "
            "alias of one"
        )
    found = next(iter(body.values()))["mappings"]
    definition, remembered = read_meta(found, target)
    check_mapping(
        found.get("properties", {}), properties(definition.schema, remembered, dialect), target
    )
    return ClusterIndex(name, target, definition, remembered.at_opening(settings), dialect, server)
