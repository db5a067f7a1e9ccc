"""Whether an index keeps the whole source of its documents, out of which servers make them anew.

To change a part of a document, a server reads what it keeps, changes that and indexes it again: of
fields that `_source` leaves out, nothing can be searched any more then.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from typing import Any, Final

from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import ConfigurationError

_PURPOSE: Final = "what the index keeps of its documents"


def check_keeps_source(name: str, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, None]:
    """Raises ConfigurationError where the index leaves out of its `_source` other fields than the
    vectors of this field."""
    params = {"filter_path": "*.mappings._source"}
    reply = yield HttpRequest("GET", f"{index.path}/_mapping", params=params)
    found = check_reply(reply, _PURPOSE, target=index.target)
    own = index.shape.vectors[name].top
    for given in found.values():
        if left_out := _left_out(given["mappings"]["_source"], own):
            raise ConfigurationError(
                f"the index at {index.target} keeps its documents in part (_source: {left_out}), "
                "and a server that writes a vector to a document makes the rest of it anew from "
                "what it keeps, so that what is left out could not be found any more: index the "
                "source into an index that keeps all of it"
            )


def _left_out(source: Mapping[str, Any], own: str) -> str | None:
    """What of a source is not kept, in the mapping's words; nothing where that is all kept."""
    if source.get("includes"):
        return f"includes {', '.join(source['includes'])}"
    others = [name for name in source.get("excludes", ()) if name not in {own, f"{own}.*"}]
    return f"excludes {', '.join(others)}" if others else None
