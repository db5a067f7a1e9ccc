"""What an `add` has done so far, over all of its runs: to be told, and for a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass, field, fields

from hybridsearch.engines.calls import Written
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.seen import Seen
from hybridsearch.model.response import Failure, IndexReport

FAILURES_REPORTED = 100


@dataclass(frozen=True, slots=True)
class IndexProgress:
    """How far an `add` is: documents written, set aside, and passages written.

    skipped: records that are passed over now, since an earlier run has dealt with them.
    """

    indexed: int
    failed: int
    passages: int
    skipped: int = 0


@dataclass(slots=True)
class Counts:
    """read: records of the source that are dealt with, those before them included; exact: whether
    `replaced` is, which it is not where a document may have been stored twice by one run."""

    read: int = 0
    indexed: int = 0
    updated: int = 0
    deleted: int = 0
    outdated: int = 0
    replaced: int = 0
    duplicates: int = 0
    failed: int = 0
    passages: int = 0
    cached: int = 0
    reused: int = 0
    seconds: float = 0.0
    exact: bool = True
    failures: list[Failure] = field(default_factory=list)
    seen: Seen = field(default_factory=Seen)

    def add(self, batch: Batch, written: Written) -> None:
        """A batch that is in the index."""
        self.read += batch.size
        whole = batch.whole
        again = self.seen.add(whole)
        self.indexed += len(whole) - again
        self.updated += batch.updates
        self.deleted += written.deleted
        self.outdated += batch.outdated
        self.duplicates += batch.repeated + again
        # What came again has replaced what this run itself stored, unless that was deleted since.
        self.replaced += max(written.replaced - batch.updates - again, 0)
        self.exact &= not written.uncertain and (self.seen.all_of_them or not self.replaced)
        self.exact &= not (again and self.deleted)
        self.passages += batch.documents.passages
        self.cached += batch.cached
        self.reused += batch.reused
        self.failed += len(batch.refused)
        room = FAILURES_REPORTED - len(self.failures)
        self.failures += [refused.failure for refused in batch.refused[: max(room, 0)]]

    def as_dict(self) -> dict[str, int | float | bool]:
        """The numbers, as a checkpoint keeps them."""
        numbers = [part.name for part in fields(self) if part.name not in {"failures", "seen"}]
        return {name: getattr(self, name) for name in numbers}

    def progress(self, skipped: int = 0) -> IndexProgress:
        """As it is shown while it goes on."""
        return IndexProgress(self.indexed, self.failed, self.passages, skipped)

    def report(self, seconds: float, resumed: int, dead_letters: str | None) -> IndexReport:
        """As it is told at the end."""
        return IndexReport(
            indexed=self.indexed,
            updated=self.updated,
            deleted=self.deleted,
            outdated=self.outdated,
            replaced=self.replaced,
            duplicates=self.duplicates,
            failed=self.failed,
            passages=self.passages,
            cached=self.cached,
            reused=self.reused,
            seconds=seconds,
            exact=self.exact,
            resumed=resumed,
            failures=tuple(self.failures),
            dead_letters=dead_letters,
        )
