"""Where a roll-out works: a name on a cluster, and the versions behind it."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from hybridsearch.engines.calls import Create
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.versions import (
    Versions,
    allow_writes,
    block_writes,
    read_settings,
    read_versions,
)
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.lockstep import run
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.target import Target
from hybridsearch.wiring.clusters import cluster_at
from hybridsearch.wiring.index import HybridIndex
from hybridsearch.wiring.opening import open_index
from hybridsearch.wiring.performer import Performer

T = TypeVar("T")


@dataclass(frozen=True)
class Version:
    """One version, opened: as an index, and as its engine for what only clusters have."""

    name: str
    index: HybridIndex
    engine: ClusterEngine

    @property
    def definition(self) -> IndexDefinition:
        """Its schema and its encoder."""
        return self.engine.definition


@dataclass(frozen=True)
class Place:
    """target: with the alias for its name; connection: as for HybridIndex.open."""

    target: str
    connection: Mapping[str, Any] | None
    engine: ClusterEngine

    @property
    def name(self) -> str:
        """The alias."""
        return self.engine.name

    def ask(self, flow: Generator[Any, Any, T]) -> T:
        """What a flow of requests to the cluster returns."""
        return self.engine.ask(flow)

    def versions(self) -> Versions:
        """The versions as they are now."""
        return self.ask(read_versions(self.name, self.target))

    def target_of(self, version: str) -> str:
        """The target of one version."""
        return f"{self.target.rstrip('/').removesuffix(self.name)}{version}"

    @contextmanager
    def open(self, version: str) -> Iterator[Version]:
        """One version, to read and write."""
        target = self.target_of(version)
        parsed = Target.parse(target)
        with _cluster(target, self.connection) as engine:
            load = run([open_index(parsed, None)], engine.perform)[0]
            yield Version(version, HybridIndex(Performer(engine, load), parsed), engine)

    def create(
        self, version: str, definition: IndexDefinition, settings: Mapping[str, Any] | None
    ) -> None:
        """Make a version, empty."""
        with _cluster(self.target_of(version), self.connection, settings) as engine:
            engine.perform([Create(definition)])


@contextmanager
def place_at(target: str, connection: Mapping[str, Any] | None) -> Iterator[Place]:
    """The place of a target; raises ConfigurationError for one that is not on a cluster."""
    with _cluster(target, connection) as engine:
        yield Place(target, connection, engine)


@contextmanager
def held(place: Place, index: str) -> Iterator[None]:
    """Writes to an index are refused from here on, and allowed again where this fails, unless they
    were refused before."""
    if place.ask(read_settings(index, place.target)).get("blocks.write") == "true":
        yield
        return
    try:
        place.ask(block_writes(index, place.target))
        yield
    except BaseException:
        place.ask(allow_writes(index, place.target))
        raise


def _cluster(
    target: str,
    connection: Mapping[str, Any] | None,
    settings: Mapping[str, Any] | None = None,
) -> AbstractContextManager[ClusterEngine]:
    options = EngineOptions(target, connection=connection, settings=settings)
    return cluster_at(options, f"{target} has no aliases, which a roll-out works with")
