"""The index that keeps a query log: its fields, its templates, and records on their way into it.

Its fields are those of User Behavior Insights' `ubi_queries`, whose `query_attributes` here have
types, so that they can be counted and averaged.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.rendering import in_parts
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest

DEFAULT_NAME: Final = "query-log"
TIMESTAMP: Final = "timestamp"
_EXISTS: Final = "resource_already_exists_exception"
_WRITTEN: Final = frozenset({200, 201, 409})  # 409: a request that was sent twice

_SHORT: Final = {"type": "keyword", "ignore_above": 100}
_LONG: Final = {"type": "keyword", "ignore_above": 1024}
_WHOLE: Final = {"type": "integer"}
_NUMBER: Final = {"type": "float"}
_STORED: Final = {"type": "object", "enabled": False}
STEPS: Final = ("encode", "retrieve", "complete", "fuse", "fetch")

PROPERTIES: Final[dict[str, Any]] = {
    TIMESTAMP: {"type": "date"},
    "query_id": _SHORT,
    "query_response_id": _SHORT,
    "client_id": _SHORT,
    "application": _SHORT,
    "user_query": {
        "type": "text",
        "fields": {"keyword": {"type": "keyword", "ignore_above": 256}},
    },
    "query": {"type": "text"},
    "object_id_field": _SHORT,
    "query_response_hit_ids": {"type": "keyword"},
    "query_attributes": {
        "properties": {
            "index": _LONG,
            "k": _WHOLE,
            "offset": _WHOLE,
            "window": _WHOLE,
            "filter": _LONG,
            "retrievers": _SHORT,
            "fusion": _SHORT,
            "fusion_settings": _LONG,
            "hits": _STORED,
            "hit_count": _WHOLE,
            "best_score": _NUMBER,
            "candidates": _STORED,
            "completed": _STORED,
            "completed_scores": _WHOLE,
            "took_ms": _NUMBER,
            "timings_ms": {"properties": dict.fromkeys(STEPS, _NUMBER)},
            "batch": _WHOLE,
            "degraded": {"type": "boolean"},
            "warnings": _LONG,
            "warning_count": _WHOLE,
            "error": _SHORT,
            "error_message": {"type": "text"},
        }
    },
}


def log_body() -> dict[str, Any]:
    """The body that makes the index; other fields are kept and not indexed."""
    return {
        "settings": {
            "index": {
                "number_of_shards": 1,
                "auto_expand_replicas": "0-1",
                "refresh_interval": "5s",
            }
        },
        "mappings": {"dynamic": False, "properties": PROPERTIES},
    }


def rendered_log(name: str) -> dict[str, dict[str, Any]]:
    """The bodies of the index and of the templates for `name-*`, by the names of their parts."""
    return in_parts(name, log_body(), needed={})


def append_records(
    name: str, target: str, records: Sequence[Mapping[str, Any]]
) -> Generator[HttpRequest, HttpReply, int]:
    """Append records to the index, alias or data stream, made first where there is none.

    Returns how many were refused. Sending records twice is harmless: each goes under its
    `query_response_id`.
    """
    yield from _made(name, target)
    lines = bytearray()
    for record in records:
        lines += orjson.dumps({"create": {"_id": record["query_response_id"]}}) + b"\n"
        lines += orjson.dumps(record) + b"\n"
    reply = yield HttpRequest("POST", f"{index_path(name)}/_bulk", bytes(lines))
    body = check_reply(reply, f"to write to the query log {name}", target=target)
    return sum(item["create"]["status"] not in _WRITTEN for item in body["items"])


def _made(name: str, target: str) -> Generator[HttpRequest, HttpReply, None]:
    reply = yield HttpRequest("GET", f"{index_path(name)}/_settings/index.number_of_shards")
    if reply.status != 404:
        check_reply(reply, f"for the query log {name}", target=target)
        return
    reply = yield HttpRequest("PUT", index_path(name), orjson.dumps(log_body()))
    if _EXISTS not in str(reply.body):  # another process may have been first
        check_reply(reply, f"to make the query log {name}", target=target)
