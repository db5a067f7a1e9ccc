"""What differs between the products: each has one module that is a Dialect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from hybridsearch.engines.calls import DenseQuery
from hybridsearch.engines.cluster.found_vector import FoundVector
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.server import Server
from hybridsearch.engines.cluster.shape import VectorShape

Query = dict[str, Any]


class Dialect(Protocol):
    """The product's own words, as pure functions of plain data."""

    @property
    def engine(self) -> str:
        """Its name in targets."""

    @property
    def product(self) -> str:
        """Its name in messages."""

    @property
    def view_place(self) -> tuple[str, str]:
        """The path, after an index's, at which views are opened, alone at which they are closed;
        and what their name is called there."""

    def check(self, server: Server) -> None:
        """Raises UnsupportedServerError for a server this package was not made for."""

    def vector_field(self, dims: int, settings: IndexSettings) -> dict[str, Any]:
        """The mapping of a vector; raises ConfigurationError for what the product lacks."""

    def vector_shape(self, name: str, settings: IndexSettings) -> VectorShape:
        """Where a vector field of an index that is made here has its vectors."""

    def found_vector(
        self, name: str, field: Mapping[str, Any], nested: str | None, settings: Mapping[str, Any]
    ) -> FoundVector | str:
        """A vector field that others made, or why it cannot serve as one.

        field: its mapping; nested: the nested field that it lies in; settings: of the index.
        """

    def settings(self, settings: IndexSettings, *, vectors: bool) -> dict[str, Any]:
        """The product's own settings of an index, beside shards and the like."""

    def nearest(
        self,
        query: DenseQuery,
        shape: VectorShape,
        settings: IndexSettings,
        window: int,
        where: Query | None,
    ) -> Query:
        """The query for the `window` documents nearest to a vector, each by its best passage."""

    def similarities_of(
        self, query: DenseQuery, shape: VectorShape, among: Query, count: int
    ) -> Query:
        """The query for the exact similarities of the `count` documents that `among` finds and, as
        inner hits where asked, of their passages."""

    def source_with_vectors(self, parts: Sequence[str], server: Server) -> dict[str, Any] | bool:
        """What of a search brings these parts of the source, whole vectors among them."""

    def bm25_factor(self, server: Server) -> float:
        """What the product multiplies Lucene's BM25 with."""
