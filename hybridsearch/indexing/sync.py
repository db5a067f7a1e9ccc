"""The sync flow: an index made equal to a source, or told what that would do.

records -> compare -> [write what is new or has changed] -> which are gone -> [delete them]
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from typing import Any, Final, TypeAlias

from hybridsearch.engines.calls import Refresh, Written
from hybridsearch.engines.reading_calls import ListedIds, ListIds
from hybridsearch.errors import SyncStoppedError
from hybridsearch.indexing.comparison import Comparison
from hybridsearch.indexing.counts import Counts, IndexProgress
from hybridsearch.indexing.deletion import delete_documents
from hybridsearch.indexing.flow import BATCH_BYTES, BATCH_DOCUMENTS, Step, index_documents
from hybridsearch.indexing.planning import check
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.indexing.rules import Rules
from hybridsearch.indexing.stretch import stretches
from hybridsearch.indexing.trail import Progress, Trail
from hybridsearch.model.response import SyncReport

PAGE: Final = 5_000
MOST_DELETED: Final = 0.2
# A share of a count is not always what it says: 0.29 * 100 is less than 29.
_ROUNDING: Final = 1e-6

SyncFlow: TypeAlias = Generator[Step | Refresh | ListIds, Any, SyncReport]


def sync_documents(
    rules: Rules, comparison: Comparison, trail: Trail, most_deleted: float
) -> SyncFlow:
    """Write what is new and what has changed, then delete what the source does not have.

    Raises SyncStoppedError before anything is deleted, where that would be more than the share
    `most_deleted` of the index, or where the source has records that may be any document.
    """
    begin = time.monotonic()
    yield Refresh()
    report = yield from index_documents(rules, trail, comparison)
    there, gone = yield from _gone(comparison)
    # Not all that is new or has changed was taken by the engine.
    added, changed = report.indexed - report.replaced, report.replaced
    if stopped := _stopped(comparison, there, gone, most_deleted):
        aside = ""
        if report.failed:
            aside = f", {report.failed:,} records are set aside in {report.dead_letters}"
        raise SyncStoppedError(
            f"nothing was deleted: {stopped} ({added:,} documents are added and {changed:,} "
            f"changed{aside})"
        )
    deleted = 0
    for start in range(0, len(gone), PAGE):
        deleted += yield from delete_documents(gone[start : start + PAGE])
    return SyncReport(
        added=added,
        changed=changed,
        unchanged=comparison.unchanged,
        deleted=deleted,
        failed=report.failed,
        seconds=time.monotonic() - begin,
        outdated=report.outdated + comparison.outdated,
        duplicates=report.duplicates + comparison.again,
        failures=report.failures,
        dead_letters=report.dead_letters,
    )


def compare_documents(
    rules: Rules, comparison: Comparison, progress: Progress | None, most_deleted: float
) -> SyncFlow:
    """What a sync would do; nothing is written, not even a dead letter."""
    begin = time.monotonic()
    yield Refresh()
    counts, error = Counts(), None
    while error is None:
        pulled: Pulled = yield Pull(BATCH_DOCUMENTS, BATCH_BYTES)
        error = pulled.error
        for stretch in stretches(pulled.records, counts.read, rules.schema):
            batch = yield from check(0, stretch, rules, comparison)
            counts.add(batch, Written(0, 0))
        if progress is not None:
            progress(IndexProgress(counts.read - counts.failed, counts.failed, 0))
        if not pulled.records:
            break
    if error is not None:
        raise error
    there, gone = yield from _gone(comparison)
    return SyncReport(
        added=comparison.added,
        changed=comparison.changed,
        unchanged=comparison.unchanged,
        deleted=len(gone),
        failed=counts.failed,
        seconds=time.monotonic() - begin,
        outdated=counts.outdated + comparison.outdated,
        duplicates=counts.duplicates + comparison.again,
        failures=tuple(counts.failures),
        dry_run=True,
        stopped=_stopped(comparison, there + comparison.added, gone, most_deleted),
    )


def _gone(comparison: Comparison) -> Generator[ListIds, Any, tuple[int, list[str]]]:
    """How many documents the index has, and the ids of those that the source does not have."""
    there, gone = 0, list[str]()
    after: str | None = None
    while True:
        listed: ListedIds = yield ListIds(after, PAGE)
        if not listed.ids:
            return there, gone
        there += len(listed.ids)
        gone += comparison.gone(listed.ids)
        after = listed.ids[-1]


def _stopped(
    comparison: Comparison, there: int, gone: Sequence[str], most_deleted: float
) -> str | None:
    """Why none of these may be deleted, and what to do; None where they may."""
    if gone and comparison.nameless:
        return (
            f"{len(gone):,} documents are in the index and not in the source, and "
            f"{comparison.nameless:,} records of the source could not be read, which may be these; "
            "correct the source and sync again"
        )
    if len(gone) > most_deleted * there + _ROUNDING:
        return (
            f"{len(gone):,} of {there:,} documents are not in the source, {gone[0]!r} among them, "
            f"more than the {most_deleted:.0%} that may be deleted at once; look whether the "
            "source is whole, then allow it with most_deleted= (--most-deleted)"
        )
    return None
