"""The trail of a run: what counts, what was set aside, what is durable, and its checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from typing import Any, Final, TypeAlias

from hybridsearch.engines.calls import Commit, Durable, Identified, Identify, Persist, Written
from hybridsearch.errors import CheckpointError, EngineError
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.checkpoint import Checkpoint, Reached
from hybridsearch.indexing.counts import Counts, IndexProgress
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.records import Pull, Pulled
from hybridsearch.model.response import IndexReport

PERSIST_SECONDS: Final = 5.0
_PASSED_AT_ONCE: Final = Pull(10_000, 20_000_000)

Progress: TypeAlias = Callable[[IndexProgress], None]
Steps: TypeAlias = Generator[Pull | Identify | Persist | Commit, Any, None]


class Trail:
    """What a run leaves: documents that are set aside go to `dead_letters`, how far it has come to
    `checkpoint`, if there is one; target: of the index, as the checkpoint names it."""

    def __init__(
        self,
        target: str,
        dead_letters: DeadLetters,
        checkpoint: Checkpoint | None = None,
        progress: Progress | None = None,
    ) -> None:
        self.counts = Counts()
        self._target = target
        self.dead_letters = dead_letters
        self._checkpoint = checkpoint
        self._tell = progress or (lambda _: None)
        self._identity: str | None = None
        self._resumed = 0
        self._durable = 0
        self._noted = False
        self._writers = set[int | None]()
        self._begin = self._persisted = time.monotonic()

    def resume(self) -> Steps:
        """Pass over the records that earlier runs have dealt with; raises CheckpointError."""
        if self._checkpoint is None:
            return
        identified: Identified = yield Identify()
        self._identity = identified.identity
        reached = self._checkpoint.load(self._target, self._identity)
        if reached is None:
            return
        self._noted = True
        yield from self._pass_over(reached.counts.read)
        self.counts = reached.counts
        # What that run sent after its last checkpoint is there already and is sent again.
        self.counts.exact = False
        self._resumed, self._durable = self.counts.read, self.counts.indexed
        self._begin -= self.counts.seconds
        self.dead_letters.go_on(Path(reached.letters), reached.letters_length)

    def count(self, settled: Iterable[tuple[Batch, Written]]) -> None:
        """Batches that are in the index, in the order of the source."""
        for batch, written in settled:
            if batch.refused and not self._noted:
                self._note_the_beginning()
            for refused in batch.refused:
                self.dead_letters.add(refused.place, refused.id, refused.reason, refused.given)
            self.counts.add(batch, written)
            if batch.write.documents:
                self._writers.add(written.writer)
        self._tell(self.counts.progress())

    def persist_now_and_then(self) -> Steps:
        """Every few seconds, make what counts durable, and say so."""
        if time.monotonic() - self._persisted < PERSIST_SECONDS:
            return
        yield from self._keep(Persist())
        if self._checkpoint is not None:
            self._checkpoint.save(self._reached(self.counts))

    def end(self, error: Exception | None) -> Generator[Any, Any, IndexReport]:
        """Make everything durable and visible; raises the error that the source ended with."""
        try:
            yield from self._keep(Commit())
            if self._checkpoint is not None and error is None:
                self._checkpoint.remove()
            elif self._checkpoint is not None:
                self._checkpoint.save(self._reached(self.counts))
            letters = self.dead_letters.close()
        except EngineError as also:
            if error is None:
                raise
            raise error from also
        if error is not None:
            raise error
        return self.counts.report(self._seconds, self._resumed, letters)

    @property
    def remains(self) -> str | None:
        """What is durable, how to go on from there, and where what was set aside is; None where
        there is neither."""
        told = []
        if self._checkpoint is not None and self._checkpoint.kept and self._durable:
            how = f"the same again goes on from there (checkpoint {self._checkpoint.path})"
        else:
            how = "the same again replaces them by themselves and goes on"
        if self._durable:
            told.append(f"{self._durable:,} documents are stored and stay; {how}")
        if self.counts.failed:
            told.append(f"{self.counts.failed:,} were set aside in {self.dead_letters.path}")
        return "; ".join(told) or None

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._begin

    def _keep(self, call: Persist | Commit) -> Steps:
        # First what was set aside, then the rest: no document may be in neither place.
        self.dead_letters.sync()
        durable: Durable | None = yield call
        if durable is not None and self._writers - {durable.writer}:
            raise EngineError(
                f"a write to {self._target} failed meanwhile, of this process but not of this "
                "run, and took along what was not durable yet: add the rest again"
            )
        self._writers.clear()
        if self._checkpoint is not None:
            identified: Identified = yield Identify()
            if identified.identity != self._identity:
                raise EngineError(
                    f"the index at {self._target} was deleted and made anew while documents came, "
                    "or rolled back: add the source to it from the beginning"
                )
        self._durable = self.counts.indexed
        self._persisted = time.monotonic()

    def _note_the_beginning(self) -> None:
        """Killed before its first checkpoint, a run must not leave letters that come twice."""
        self._noted = True
        if self._checkpoint is not None:
            self._checkpoint.save(self._reached(Counts()))

    def _reached(self, counts: Counts) -> Reached:
        counts.seconds = self._seconds
        length = self.dead_letters.sync()
        return Reached(counts, str(self.dead_letters.path.absolute()), length)

    def _pass_over(self, count: int) -> Steps:
        passed = 0
        while passed < count:
            limit = min(_PASSED_AT_ONCE.limit, count - passed)
            pulled: Pulled = yield Pull(limit, _PASSED_AT_ONCE.size)
            if pulled.error is not None:
                raise pulled.error
            if not pulled.records:
                raise CheckpointError(
                    f"the source has {passed:,} records, and {count:,} were read before: it is "
                    "not the same; begin anew with restart (--restart)"
                )
            passed += len(pulled.records)
            self._tell(self.counts.progress(skipped=passed))
