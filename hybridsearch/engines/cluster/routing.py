"""Documents that lie where a routing of their writer's put them, and not where their ids say.

Searches find them. What is written by its id alone may lie on another shard than the document that
it replaces, and both would be there; so nothing is written where there are such documents. That is
asked of the index, not noted when it is adopted: the first of them may come later.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.refusals import check_reply, check_shards, part_of
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import EngineError

ROUTED: Final[dict[str, Any]] = {"exists": {"field": "_routing"}}
_PURPOSE: Final = "for documents with a routing"


def is_routed(path: str, target: str) -> Generator[HttpRequest, HttpReply, bool]:
    """Whether an index asks for routings, or has documents that were given one."""
    params = {"filter_path": "*.mappings._routing"}
    reply = yield HttpRequest("GET", f"{path}/_mapping", params=params)
    found = check_reply(reply, _PURPOSE, target=target)
    if any(given["mappings"]["_routing"].get("required") for given in found.values()):
        return True
    body = orjson.dumps({"size": 0, "track_total_hits": 1, "query": ROUTED})
    params = {"allow_partial_search_results": "false"}
    reply = yield HttpRequest("POST", f"{path}/_search", body, params)
    found = check_reply(reply, _PURPOSE, target=target)
    check_shards(found, _PURPOSE, target)
    total: int = part_of(found, "hits", _PURPOSE, target=target)["total"]["value"]
    return total > 0


def check_unrouted(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, None]:
    """Raises EngineError where documents of an adopted index have a routing."""
    if index.shape.own or not (yield from is_routed(index.path, index.target)):
        return
    late = (
        f"; others gave the first one while this wrote: `hybridsearch adopt {index.target} "
        "--dry-run` tells whether an id is there twice now"
        if index.pace.has_looked
        else ""
    )
    raise EngineError(
        f"documents at {index.target} have a routing that their writer chose (_routing), and an "
        "id alone does not say on which shard its document is: added by it, a document would be "
        "there twice, and a deletion would miss it, so that nothing is written; let whoever "
        f"chooses the routing write, or `hybridsearch rollout {index.target} --replace-index` "
        f"make an index of it where ids are enough{late}"
    )
