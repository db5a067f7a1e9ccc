"""Whether an index is still the one that was opened: asked before writing and after.

A server makes an index anew when documents come for one that was deleted, with fields as it
guesses them, and says nothing. So no documents are sent without a look shortly before; and what
happened between the look and the documents is found when they are made durable.
"""

from __future__ import annotations

from collections.abc import Generator

from hybridsearch.engines.calls import Identified
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import META, read_meta
from hybridsearch.engines.cluster.notes import LINEAGE
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import IndexNotFoundError, MappingMismatchError


def check_present(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, None]:
    """Raises IndexNotFoundError where it is gone, MappingMismatchError where it is another one."""
    reply = yield HttpRequest("GET", f"{index.path}/_mapping", writes=True)
    try:
        body = check_reply(reply, f"for the mapping of {index.name}", target=index.target)
    except IndexNotFoundError:
        raise _gone(index) from None
    found = [given["mappings"] for given in body.values()]
    if any(META not in given.get("_meta", {}) for given in found):
        raise IndexNotFoundError(
            f"the index at {index.target} was deleted while it was open, and the server made "
            "another in its place when documents came, with fields as it guessed them: delete "
            "that one, and index the source into a new one"
        )
    if [read_meta(given, index.target)[0] for given in found] != [index.definition]:
        raise MappingMismatchError(
            f"the index at {index.target} is not the one that was opened: its schema or its "
            "encoder is another, or it names several indices; open it again"
        )


def look_now_and_then(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, None]:
    """The same, unless it was looked at a moment ago; what happens in between is found later."""
    if index.pace.looks:
        yield from check_present(index)
        index.pace.looked()


def identify(index: ClusterIndex) -> Generator[HttpRequest, HttpReply, Identified]:
    """The server's own identity of the index, or, of a version that took the place of another with
    all its documents, that one's; none where the caller may not ask for it."""
    reply = yield HttpRequest(
        "GET", f"{index.path}/_settings/index.uuid", params={"flat_settings": "true"}, writes=True
    )
    if reply.status == 403:
        return Identified(None)
    settings = check_reply(reply, f"which index {index.name} is", target=index.target)
    lineage = {"filter_path": f"*.mappings._meta.{LINEAGE}"}
    reply = yield HttpRequest("GET", f"{index.path}/_mapping", params=lineage, writes=True)
    known = check_reply(reply, f"for the mapping of {index.name}", target=index.target)
    found = [
        known[name]["mappings"]["_meta"][LINEAGE]
        if name in known
        else str(given["settings"].get("index.uuid"))
        for name, given in settings.items()
    ]
    return Identified(",".join(sorted(found)))


def _gone(index: ClusterIndex) -> IndexNotFoundError:
    """The error where an index that was opened is not there while documents are on their way."""
    return IndexNotFoundError(
        f"there is no index at {index.target} any more, it was deleted while it was open: look "
        "whether the server makes another in its place for documents that are on their way, with "
        "fields as it guesses them; delete that one, and index the source into a new one"
    )
