"""Targets `elasticsearch://HOST:9200/NAME`: the cluster engine with Elasticsearch's parts."""

from __future__ import annotations

from hybridsearch.dependency import require
from hybridsearch.engines.cluster.assembly import Product, assemble
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.elasticsearch.dialect import Elasticsearch
from hybridsearch.engines.protocol import EngineOptions


def at(location: str, options: EngineOptions) -> ClusterEngine:
    """The engine of a target, not yet connected; raises ConfigurationError."""
    library = require("elasticsearch", "the engine 'elasticsearch'", extra="elasticsearch")
    from hybridsearch.engines.elasticsearch import wire  # noqa: PLC0415 - it needs the package

    product = Product(
        dialect=Elasticsearch(),
        client=library.Elasticsearch,
        async_client=library.AsyncElasticsearch,
        wire=wire.ClientWire,
        async_wire=wire.AsyncClientWire,
        client_options=wire.client_options,
    )
    return assemble(location, options, product)
