"""Writing and deleting documents by bulk requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import orjson

from hybridsearch.engines.calls import Delete, Deleted, Write, Written
from hybridsearch.engines.cluster.bulk import Item, bulk
from hybridsearch.engines.cluster.documents import body_of
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.presence import look_now_and_then
from hybridsearch.engines.cluster.wire import Step
from hybridsearch.errors import UnavailableError


def write(call: Write, index: ClusterIndex) -> Generator[Step, Any, Written]:
    """Store documents; those the server will not take are failures with their reason.

    Raises EngineError where the fault is not the documents'.
    """
    yield from look_now_and_then(index)
    items = (
        Item(
            position,
            b'{"index":{"_id":%b}}\n%b\n'
            % (orjson.dumps(document.id), body_of(document, index.schema, digests=index.digests)),
        )
        for position, document in enumerate(call.documents)
    )
    settled = yield from bulk(items, index, "to store documents")
    replaced = [at for at, result in settled.results.items() if result == "updated"]
    return Written(
        len(settled.results),
        len(replaced),
        tuple(sorted(settled.failures)),
        len(settled.doubtful.intersection(replaced)),
    )


def delete(call: Delete, index: ClusterIndex) -> Generator[Step, Any, Deleted]:
    """Remove documents by id."""
    items = (
        Item(position, b'{"delete":{"_id":%b}}\n' % orjson.dumps(id))
        for position, id in enumerate(call.ids)
    )
    settled = yield from bulk(items, index, "to delete documents")
    if settled.failures:
        raise UnavailableError(
            f"{len(settled.failures)} of {len(call.ids)} documents were not deleted from "
            f"{index.target} ({settled.failures[0][1]}): delete them again"
        )
    return Deleted(sum(result == "deleted" for result in settled.results.values()))
