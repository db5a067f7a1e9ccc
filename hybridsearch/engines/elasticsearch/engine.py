"""Targets `elasticsearch://HOST:9200/NAME`: the cluster engine with Elasticsearch's parts."""

from __future__ import annotations

from typing import Any

from hybridsearch.dependency import require
from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.location import Location
from hybridsearch.engines.elasticsearch.dialect import Elasticsearch
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError


def at(location: str, options: EngineOptions) -> ClusterEngine:
    """The engine of a target, not yet connected; raises ConfigurationError."""
    library = require("elasticsearch", "the engine 'elasticsearch'", extra="elasticsearch")
    from hybridsearch.engines.elasticsearch import wire  # noqa: PLC0415 - it needs the package

    place = Location.parse(location, engine="elasticsearch", with_client=options.client is not None)
    client: Any = options.client
    read = Connection.of if client is None else Connection.beside_client
    connection = read(options.connection)
    if client is None:
        kind = library.AsyncElasticsearch if options.asynchronous else library.Elasticsearch
        try:
            client = kind(**wire.client_options(connection, place.nodes))
        except (ValueError, OSError) as error:  # an address or certificates it cannot read
            raise ConfigurationError(f"{options.target}: {error}") from error
    awaited = isinstance(client, library.AsyncElasticsearch)
    if not awaited and not isinstance(client, library.Elasticsearch):
        raise ConfigurationError(
            f"client must be an Elasticsearch or AsyncElasticsearch object, not "
            f"{type(client).__name__}"
        )
    return ClusterEngine(
        place,
        options.target,
        Elasticsearch(),
        None if awaited else wire.ClientWire(client),
        wire.AsyncClientWire(client) if awaited else None,
        connection,
        options.settings,
        owned=options.client is None,
    )
