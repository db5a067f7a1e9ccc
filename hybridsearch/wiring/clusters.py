"""The engine of a target that has to be on a cluster, for what only clusters have."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError
from hybridsearch.model.target import Target
from hybridsearch.wiring.opening import engine_at


@contextmanager
def cluster_at(options: EngineOptions, otherwise: str) -> Iterator[ClusterEngine]:
    """The engine, not yet opened; raises ConfigurationError, which begins with `otherwise`, for a
    target that is not on a cluster."""
    place = Target.parse(options.target)
    engine = None if place.engine == "embedded" else engine_at(place, options)
    if not isinstance(engine, ClusterEngine):
        raise ConfigurationError(
            f"{otherwise}: write elasticsearch://HOST:9200/NAME or opensearch://HOST:9200/NAME"
        )
    try:
        yield engine
    finally:
        engine.close()
