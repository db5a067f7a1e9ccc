"""An index on a cluster as its engine knows it: everything that pure functions here look at."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import quote

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import own_shape
from hybridsearch.engines.cluster.notation import JSON, Notation
from hybridsearch.engines.cluster.pace import Pace
from hybridsearch.engines.cluster.server import Server
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema


@dataclass
class Seen:
    """What has been seen of the documents: it changes what a trip brings along, never an answer.

    held: where no field has the ids in order, those that scans have still to come to, by the view
    that they read and the id that they are at.
    """

    several_passages: bool = False
    held: dict[tuple[str | None, str | None], list[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class ClusterIndex:
    """name: of the index or alias in requests; target: in messages; digests: whether it has fields
    for them; adopted: the shape of an index that was not made here; notation: of what is written.
    """

    name: str
    target: str
    definition: IndexDefinition
    settings: IndexSettings
    dialect: Dialect
    server: Server
    digests: bool = True
    adopted: Shape | None = None
    notation: Notation = JSON
    seen: Seen = field(default_factory=Seen, compare=False)
    pace: Pace = field(default_factory=Pace, compare=False)

    @property
    def schema(self) -> Schema:
        """The fields of the index."""
        return self.definition.schema

    @cached_property
    def shape(self) -> Shape:
        """Where ids and vectors lie."""
        return self.adopted or own_shape(self.schema, self.settings, self.dialect)

    @cached_property
    def path(self) -> str:
        """The index in a request's path."""
        return index_path(self.name)

    @cached_property
    def bm25_factor(self) -> float:
        """What the server multiplies Lucene's BM25 with."""
        return self.dialect.bm25_factor(self.server)


def index_path(name: str) -> str:
    """An index or alias in a request's path."""
    return f"/{quote(name, safe='')}"
