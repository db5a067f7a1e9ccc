"""What the query log keeps of a search: a record in the words of User Behavior Insights (UBI).

The fields are those of `ubi_queries` (UBI 1.3); what is this package's own is in its
`query_attributes`. Neither vectors nor the fields of documents are kept.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from hybridsearch.fusion.settings import format_fusion, parse_fusion
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse

OBJECT_ID_FIELD: Final = "id"


@dataclass(frozen=True)
class Issue:
    """When searches were issued, on which index, and how long they took.

    index: the target; at: seconds since 1970; took_ms: of all `batch` searches together, which
    share their trips.
    """

    index: str
    at: float
    took_ms: float
    batch: int = 1


def query_record(request: SearchRequest, response: SearchResponse, issue: Issue) -> dict[str, Any]:
    """The record of one search, as JSON values; what is not known is left out."""
    fusion = format_fusion(parse_fusion(request.fusion))
    issued = datetime.fromtimestamp(issue.at, UTC).isoformat(timespec="milliseconds")
    return _known(
        timestamp=issued.replace("+00:00", "Z"),
        query_id=response.query_id,
        query_response_id=str(uuid.uuid4()),
        client_id=request.client_id,
        application=request.application,
        user_query=request.text,
        query=_query(request, fusion),
        object_id_field=OBJECT_ID_FIELD,
        query_response_hit_ids=[hit.id for hit in response.hits],
        query_attributes=_attributes(request, response, issue, fusion),
    )


def _attributes(
    request: SearchRequest, response: SearchResponse, issue: Issue, fusion: str
) -> dict[str, Any]:
    return _known(
        index=issue.index,
        k=int(request.k),
        offset=int(request.offset),
        window=int(request.depth),
        filter=None if request.where is None else str(request.where),
        retrievers=list(response.candidates),
        fusion=fusion.partition("(")[0],
        fusion_settings=fusion,
        hits=[{"id": hit.id, "score": hit.score} for hit in response.hits],
        hit_count=len(response.hits),
        best_score=response.hits[0].score if response.hits else None,
        candidates=dict(response.candidates),
        completed=dict(response.completed),
        completed_scores=sum(response.completed.values()),
        took_ms=round(issue.took_ms, 3),
        timings_ms=dict(response.timings_ms),
        batch=issue.batch,
        degraded=response.degraded,
        warnings=list(response.warnings),
        warning_count=len(response.warnings),
    )


def _query(request: SearchRequest, fusion: str) -> str:
    """The request in JSON, with words in place of a vector."""
    asked = _known(
        text=request.text,
        vector=None if request.vector is None else "given",
        k=request.k,
        offset=request.offset or None,
        window=request.window,
        where=None if request.where is None else str(request.where),
        fusion=fusion,
        retrievers=None if request.retrievers is None else list(request.retrievers),
        fields=None if request.fields is None else list(request.fields),
    )
    return orjson.dumps(asked, option=orjson.OPT_SERIALIZE_NUMPY).decode()


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
