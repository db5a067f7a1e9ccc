"""From a target to an engine on a cluster: its location, its connection, a product's client."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.location import Location
from hybridsearch.engines.cluster.wire import AsyncWire, Wire
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError


@dataclass(frozen=True)
class Product:
    """A product's words, the two kinds of its official client and their wires.

    client_options: the arguments of a client of our own; misconfigured: what making one raises
    for an address or certificates that it cannot read.
    """

    dialect: Dialect
    client: type[Any]
    async_client: type[Any]
    wire: Callable[[Any], Wire]
    async_wire: Callable[[Any], AsyncWire]
    client_options: Callable[[Connection, tuple[str, ...]], dict[str, Any]]
    misconfigured: tuple[type[Exception], ...] = (ValueError, OSError)


def assemble(location: str, options: EngineOptions, product: Product) -> ClusterEngine:
    """The engine of a target, not yet connected; raises ConfigurationError."""
    client = options.client
    place = Location.parse(location, engine=product.dialect.engine, with_client=client is not None)
    read = Connection.of if client is None else Connection.beside_client
    connection = read(options.connection)
    if client is None:
        kind = product.async_client if options.asynchronous else product.client
        try:
            client = kind(**product.client_options(connection, place.nodes))
        except product.misconfigured as error:
            raise ConfigurationError(f"{options.target}: {error}") from error
    awaited = isinstance(client, product.async_client)
    if not awaited and not isinstance(client, product.client):
        raise ConfigurationError(
            f"client must be an {product.client.__name__} or {product.async_client.__name__} "
            f"object, not {type(client).__name__}"
        )
    return ClusterEngine(
        place,
        options.target,
        product.dialect,
        None if awaited else product.wire(client),
        product.async_wire(client) if awaited else None,
        connection,
        options.settings,
        owned=options.client is None,
    )
