"""The line that shows how far a run is, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import TextColumn

from hybridsearch.cli.progress_line import progress_line
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.indexing.sources.source import Reading


@contextmanager
def shown_progress(reading: Reading, doing: str) -> Iterator[Callable[[IndexProgress], None]]:
    """A function that shows how far an `add` is."""
    counts = TextColumn("{task.fields[documents]:,} documents, {task.fields[rate]:,.0f}/s")
    before: list[int] = []
    with progress_line(counts) as shown:
        task = shown.add_task(doing, total=1.0, documents=0, rate=0.0)

        def update(progress: IndexProgress) -> None:
            done = progress.indexed + progress.failed
            if not progress.skipped:
                before.append(done) if not before else None
            elapsed = shown.tasks[0].elapsed or 1e-9
            shown.update(
                task,
                description="passing over what is done" if progress.skipped else doing,
                completed=reading.fraction or 0.0,
                total=1.0 if reading.fraction is not None else None,
                documents=done or progress.skipped,
                rate=(done - before[0]) / elapsed if before else progress.skipped / elapsed,
            )

        yield update
