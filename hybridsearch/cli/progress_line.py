"""The line that shows how far something is, on a terminal."""

from __future__ import annotations

from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from hybridsearch.cli.console import messages


def progress_line(counts: ProgressColumn) -> Progress:
    """What is done, a bar, these counts and times; hidden where nobody is looking, since it would
    only leave empty lines there."""
    console = messages()
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        counts,
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=console, transient=True, disable=not console.is_terminal)
