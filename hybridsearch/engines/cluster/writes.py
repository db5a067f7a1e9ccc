"""Storing and removing documents by bulk requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from hybridsearch.engines.calls import DeleteDocument, Write, WriteDocument, Written
from hybridsearch.engines.cluster.bulk import Action, bulk
from hybridsearch.engines.cluster.documents import body_of
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.presence import look_now_and_then
from hybridsearch.engines.cluster.routing import check_unrouted
from hybridsearch.engines.cluster.wire import Step


def write(call: Write, index: ClusterIndex) -> Generator[Step, Any, Written]:
    """Store and remove documents; those the server will not take are failures with their reason.

    Raises EngineError where the fault is not the documents'.
    """
    if index.pace.looks:
        yield from check_unrouted(index)
    yield from look_now_and_then(index)
    actions = (action_of(document, index) for document in call.documents)
    settled = yield from bulk(actions, index, "to store documents")
    results = settled.results
    replaced = [at for at, result in results.items() if result == "updated"]
    absent = [at for at, result in results.items() if result == "not_found"]
    stored = sum(isinstance(call.documents[at], WriteDocument) for at in results)
    versioned = {at for at in settled.conflicts if call.documents[at].version is not None}
    return Written(
        stored,
        len(replaced),
        tuple(sorted(settled.failures)),
        len(settled.doubtful.intersection(replaced + absent)),
        sum(result == "deleted" for result in results.values()),
        tuple(sorted(versioned)),
        tuple(sorted(settled.conflicts - versioned)),
    )


def action_of(document: WriteDocument | DeleteDocument, index: ClusterIndex) -> Action:
    """What is asked for, and the document where there is one."""
    about: dict[str, Any] = {"_id": document.id}
    if document.version is not None:
        # The same version is taken again, so that what is sent again does no harm.
        about |= {"version": document.version, "version_type": "external_gte"}
    if isinstance(document, DeleteDocument):
        return [{"delete": about}]
    if document.state is not None and document.version is None:
        about["if_seq_no"], about["if_primary_term"] = document.state
    body = body_of(document, index.schema, index.shape, digests=index.digests)
    return [{"index": about}, body]
