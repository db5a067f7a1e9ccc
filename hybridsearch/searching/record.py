"""What the query log keeps of a search: a record in the words of User Behavior Insights (UBI).

The fields are those of `ubi_queries` (UBI 1.3); what is this package's own is in its
`query_attributes`. Neither vectors nor the fields of documents are kept. A search that ended in an
error leaves a record too, whose request may be one that no search takes: of that, what has no place
in JSON or in the log's index is left out.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np

from hybridsearch.errors import HybridSearchError, QueryError
from hybridsearch.fusion.settings import format_fusion, parse_fusion
from hybridsearch.model.request import (
    MAXIMUM_NAME_CHARACTERS,
    MAXIMUM_QUERY_CHARACTERS,
    SearchRequest,
)
from hybridsearch.model.response import SearchResponse

OBJECT_ID_FIELD: Final = "id"
MAXIMUM_MESSAGE_CHARACTERS: Final = 500
_LARGEST_SINGLE: Final = float(np.finfo(np.float32).max)


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


def query_record(
    request: SearchRequest, outcome: SearchResponse | Exception, issue: Issue
) -> dict[str, Any]:
    """The record of one search, as JSON values; what is not known is left out.

    outcome: the response, or the error that came in its place. Of an error that is not this
    package's own only the class is kept, since nobody knows what such a message holds.
    """
    issued = datetime.fromtimestamp(issue.at, UTC).isoformat(timespec="milliseconds")
    fusion = _fusion(request.fusion)
    hits = outcome.hits if isinstance(outcome, SearchResponse) else ()
    return _known(
        timestamp=issued.replace("+00:00", "Z"),
        query_id=_text(request.query_id, MAXIMUM_NAME_CHARACTERS),
        query_response_id=str(uuid.uuid4()),
        client_id=_text(request.client_id, MAXIMUM_NAME_CHARACTERS),
        application=_text(request.application, MAXIMUM_NAME_CHARACTERS),
        user_query=_text(request.text, MAXIMUM_QUERY_CHARACTERS),
        query=_query(request, fusion),
        object_id_field=OBJECT_ID_FIELD,
        query_response_hit_ids=[hit.id for hit in hits],
        query_attributes=_attributes(request, outcome, issue, fusion),
    )


def _attributes(
    request: SearchRequest, outcome: SearchResponse | Exception, issue: Issue, fusion: str | None
) -> dict[str, Any]:
    if isinstance(outcome, SearchResponse):
        ended = {**_numbers(request), **_answer(outcome)}
    else:
        ended = {**_numbers_taken(request), **_failure(request, outcome)}
    return _known(
        index=issue.index,
        filter=_filter(request),
        fusion=None if fusion is None else fusion.partition("(")[0].strip(),
        fusion_settings=fusion,
        took_ms=round(issue.took_ms, 3),
        batch=issue.batch,
        **ended,
    )


def _answer(response: SearchResponse) -> dict[str, Any]:
    return {
        "retrievers": list(response.candidates),
        "hits": [{"id": hit.id, "score": hit.score} for hit in response.hits],
        "hit_count": len(response.hits),
        "best_score": _single(response.hits[0].score) if response.hits else None,
        "candidates": dict(response.candidates),
        "completed": dict(response.completed),
        "completed_scores": sum(response.completed.values()),
        "timings_ms": dict(response.timings_ms),
        "degraded": response.degraded,
        "warnings": list(response.warnings),
        "warning_count": len(response.warnings),
    }


def _single(score: float) -> float | None:
    """A score that fits a field of single precision; huge weights make others."""
    return score if abs(score) <= _LARGEST_SINGLE else None


def _failure(request: SearchRequest, error: Exception) -> dict[str, Any]:
    message = _writable(str(error)) if isinstance(error, HybridSearchError) else None
    if message is not None and len(message) > MAXIMUM_MESSAGE_CHARACTERS:
        message = f"{message[: MAXIMUM_MESSAGE_CHARACTERS - 1]}…"
    return {
        "retrievers": _names(request.retrievers),
        "error": type(error).__name__,
        "error_message": message,
    }


def _numbers_taken(request: SearchRequest) -> dict[str, int]:
    """Those that searches take; others have no place in fields of whole numbers."""
    try:
        request.check()
    except QueryError:
        return {}
    return _numbers(request)


def _numbers(request: SearchRequest) -> dict[str, int]:
    return {"k": int(request.k), "offset": int(request.offset), "window": int(request.depth)}


def _query(request: SearchRequest, fusion: str | None) -> str:
    """The request in JSON, with words in place of a vector."""
    asked = _known(
        text=_text(request.text, MAXIMUM_QUERY_CHARACTERS),
        vector=None if request.vector is None else "given",
        k=request.k,
        offset=request.offset or None,
        window=request.window,
        where=_filter(request),
        fusion=fusion,
        retrievers=_names(request.retrievers),
        fields=_names(request.fields),
    )
    return _writable(_JSON.encode(asked))


def _filter(request: SearchRequest) -> str | None:
    return None if request.where is None else _writable(str(request.where))


def _fusion(setting: Any) -> str | None:
    """The setting in its normal form, or as it was written where it names no fusion."""
    try:
        return _writable(format_fusion(parse_fusion(setting)))
    except Exception:  # noqa: BLE001 - a plug-in may raise anything
        return _text(setting)


def _names(given: Any) -> list[str] | None:
    return [_writable(str(name)) for name in given] if isinstance(given, Iterable) else None


def _text(given: Any, most: int | None = None) -> str | None:
    """Its beginning, where it is a text."""
    return _writable(given[:most]) if isinstance(given, str) else None


def _writable(text: str) -> str:
    """The text as UTF-8 can hold it."""
    return text.encode(errors="replace").decode()


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else str(value)


# Unlike orjson it takes whatever a wrong request may hold: numbers of any size, broken characters.
_JSON: Final = json.JSONEncoder(default=_plain, ensure_ascii=False, separators=(",", ":"))


def _known(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
