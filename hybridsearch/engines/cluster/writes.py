"""Storing and removing documents by bulk requests."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

from hybridsearch.engines.calls import Write, Written
from hybridsearch.engines.cluster.bulk import bulk
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.patterns import lines_of
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
    settled = yield from bulk(lines_of(call.documents, index), index, "to store documents")
    results = settled.results
    replaced = [at for at, result in results.items() if result == "updated"]
    absent = [at for at, result in results.items() if result == "not_found"]
    deleted = sum(result == "deleted" for result in results.values())
    versioned = {at for at in settled.conflicts if call.documents[at].version is not None}
    return Written(
        len(results) - deleted - len(absent),
        len(replaced),
        tuple(sorted(settled.failures)),
        len(settled.doubtful.intersection(replaced + absent)),
        deleted,
        tuple(sorted(versioned)),
        tuple(sorted(settled.conflicts - versioned)),
    )
