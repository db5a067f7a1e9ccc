"""Settings of an index on a cluster: shards, replicas, how vectors are indexed and searched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hybridsearch.errors import ConfigurationError, UnknownNameError

VectorIndex: TypeAlias = Literal["hnsw", "int8_hnsw", "int4_hnsw", "bbq_hnsw", "flat"]
SEARCH_TIME = frozenset({"dfs", "effort"})


class IndexSettings(BaseModel):
    """Stored in the index when it is made; `dfs` and `effort` may be given anew when it is opened.

    shards, replicas, refresh_interval: as the products have them.
    vector_index: hnsw keeps float32; int8, int4 and bbq are 8, 4 and 1 bits a number, smaller and
    a little less exact; flat has no graph and is exact. m, ef_construction: of the graph.
    exact_scores: whether what an int8 or int4 graph finds is scored once more in float32; without
    it a similarity is off by .0006 on average and by some hundredths at worst. Elasticsearch only.
    vector_engine: of OpenSearch, lucene or faiss.
    dfs: BM25 with statistics of all shards rather than of each shard; one more trip within the
    cluster for every search.
    effort: vectors each shard looks at for a window of one; more finds more of the nearest.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shards: int = Field(default=1, ge=1, le=1024)
    replicas: int = Field(default=1, ge=0, le=100)
    refresh_interval: str = Field(default="1s", pattern=r"^(-1|\d+(ms|s|m|h))$")
    vector_index: VectorIndex = "int8_hnsw"
    m: int = Field(default=16, ge=2, le=512)
    ef_construction: int = Field(default=100, ge=2, le=3200)
    exact_scores: bool = False
    vector_engine: Literal["lucene", "faiss"] = "lucene"
    dfs: bool = False
    effort: float = Field(default=1.0, ge=1.0, le=100.0)

    @classmethod
    def of(cls, given: Mapping[str, Any] | None) -> Self:
        """Checked settings; raises ConfigurationError."""
        for name in given or {}:
            if name not in cls.model_fields:
                raise UnknownNameError("index setting", str(name), cls.model_fields)
        try:
            return cls(**(given or {}))
        except ValidationError as error:
            told = "; ".join(
                f"{'.'.join(map(str, item['loc']))}: {item['msg']}"
                for item in error.errors(include_url=False)
            )
            raise ConfigurationError(f"index settings: {told}") from None

    def at_opening(self, given: Mapping[str, Any] | None) -> Self:
        """These with the search-time settings given anew; raises ConfigurationError where another
        is given and differs."""
        revised = self.revised(given)
        for name in given or {}:
            if name not in SEARCH_TIME and getattr(revised, name) != getattr(self, name):
                raise ConfigurationError(
                    f"index settings: {name} is fixed when an index is made, here as "
                    f"{getattr(self, name)}; an index that exists takes "
                    f"{' and '.join(sorted(SEARCH_TIME))}"
                )
        return revised

    def revised(self, given: Mapping[str, Any] | None) -> Self:
        """These with others in their place; raises ConfigurationError."""
        return self.of({**self.model_dump(), **(given or {})})
