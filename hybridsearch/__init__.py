"""Hybrid search over Elasticsearch, OpenSearch or an embedded index.

The public API; every name is imported when it is first used, so that importing the package is
quick and loads no encoder, client or web framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hybridsearch.errors import HybridSearchError as HybridSearchError
    from hybridsearch.model.document import Document as Document
    from hybridsearch.model.filters import field as field
    from hybridsearch.model.operation import Delete as Delete
    from hybridsearch.model.operation import Update as Update
    from hybridsearch.model.request import SearchRequest as SearchRequest
    from hybridsearch.model.response import Hit as Hit
    from hybridsearch.model.response import IndexReport as IndexReport
    from hybridsearch.model.response import SearchResponse as SearchResponse
    from hybridsearch.model.schema import Schema as Schema
    from hybridsearch.wiring.async_index import AsyncHybridIndex as AsyncHybridIndex
    from hybridsearch.wiring.index import HybridIndex as HybridIndex

__version__ = "0.1.0"

_HOMES = {
    "AsyncHybridIndex": "hybridsearch.wiring.async_index",
    "Delete": "hybridsearch.model.operation",
    "Document": "hybridsearch.model.document",
    "Hit": "hybridsearch.model.response",
    "HybridIndex": "hybridsearch.wiring.index",
    "HybridSearchError": "hybridsearch.errors",
    "IndexReport": "hybridsearch.model.response",
    "Schema": "hybridsearch.model.schema",
    "SearchRequest": "hybridsearch.model.request",
    "SearchResponse": "hybridsearch.model.response",
    "Update": "hybridsearch.model.operation",
    "field": "hybridsearch.model.filters",
}

__all__ = [
    "AsyncHybridIndex",
    "Delete",
    "Document",
    "Hit",
    "HybridIndex",
    "HybridSearchError",
    "IndexReport",
    "Schema",
    "SearchRequest",
    "SearchResponse",
    "Update",
    "__version__",
    "field",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'hybridsearch' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
