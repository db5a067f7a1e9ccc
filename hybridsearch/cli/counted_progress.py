"""The line that shows how many of how many documents are done, on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import MofNCompleteColumn

from hybridsearch.cli.progress_line import progress_line


@contextmanager
def counted_progress(doing: str) -> Iterator[Callable[[int, int | None], None]]:
    """A function that shows how many are done, and how many there are."""
    with progress_line(MofNCompleteColumn()) as shown:
        task = shown.add_task(doing, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)
