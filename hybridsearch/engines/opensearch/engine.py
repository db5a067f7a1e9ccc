"""Targets `opensearch://HOST:9200/NAME`: the cluster engine with OpenSearch's parts."""

from __future__ import annotations

from hybridsearch.dependency import require
from hybridsearch.engines.cluster.assembly import Product, assemble
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.engines.protocol import EngineOptions


def at(location: str, options: EngineOptions) -> ClusterEngine:
    """The engine of a target, not yet connected; raises ConfigurationError."""
    library = require("opensearchpy", "the engine 'opensearch'", extra="opensearch")
    from hybridsearch.engines.opensearch import wire  # noqa: PLC0415 - it needs the package

    product = Product(
        dialect=OpenSearch(),
        client=library.OpenSearch,
        async_client=library.AsyncOpenSearch,
        wire=wire.ClientWire,
        async_wire=wire.AsyncClientWire,
        client_options=wire.client_options,
        misconfigured=(ValueError, OSError, library.ImproperlyConfigured),
    )
    return assemble(location, options, product)
