"""Targets `opensearch://HOST:9200/NAME`: the cluster engine with OpenSearch's parts."""

from __future__ import annotations

from typing import Any

from hybridsearch.dependency import require
from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.location import Location
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError


def at(location: str, options: EngineOptions) -> ClusterEngine:
    """The engine of a target, not yet connected; raises ConfigurationError."""
    library = require("opensearchpy", "the engine 'opensearch'", extra="opensearch")
    from hybridsearch.engines.opensearch import wire  # noqa: PLC0415 - it needs the package

    place = Location.parse(location, engine="opensearch", with_client=options.client is not None)
    client: Any = options.client
    read = Connection.of if client is None else Connection.beside_client
    connection = read(options.connection)
    if client is None:
        kind = library.AsyncOpenSearch if options.asynchronous else library.OpenSearch
        try:
            client = kind(**wire.client_options(connection, place.nodes))
        except (ValueError, OSError, library.ImproperlyConfigured) as error:
            # An address or certificates it cannot read.
            raise ConfigurationError(f"{options.target}: {error}") from error
    awaited = isinstance(client, library.AsyncOpenSearch)
    if not awaited and not isinstance(client, library.OpenSearch):
        raise ConfigurationError(
            f"client must be an OpenSearch or AsyncOpenSearch object, not {type(client).__name__}"
        )
    return ClusterEngine(
        place,
        options.target,
        OpenSearch(),
        None if awaited else wire.ClientWire(client),
        wire.AsyncClientWire(client) if awaited else None,
        connection,
        options.settings,
        owned=options.client is None,
    )
