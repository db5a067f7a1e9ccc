"""`hybridsearch copy`: an index to another target, as it is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.arguments import Counts, Settings, Target, settings_of
from hybridsearch.cli.console import many, print_json, say
from hybridsearch.cli.counted_progress import counted_progress
from hybridsearch.cli.index_command import SET_ASIDE
from hybridsearch.wiring.copying import copy_index


def copy(
    source: Annotated[
        str, typer.Argument(metavar="FROM", help="The target of the index to be copied.")
    ],
    target: Target,
    settings: Settings = None,
    dead_letters: Annotated[
        Path | None, typer.Option(help="The file for documents that the target will not take.")
    ] = None,
    json: Counts = False,
) -> None:
    """Copy an index with its vectors, schema and settings. Ended midway, it goes on when run again.

    Nothing is encoded. On servers, --set gives other settings than those of FROM.
    """
    with counted_progress("copying") as progress:
        report = copy_index(
            source,
            target,
            settings=settings_of(settings),
            dead_letters=dead_letters,
            progress=progress,
        )
    same = report.documents - report.copied
    say(
        f"{many(report.copied, 'document')} copied ({many(report.passages, 'passage')}) in "
        f"{report.seconds:.1f} s" + (f"; {same:,} were there already" if same > 0 else "")
    )
    if report.failed:
        say(f"set aside in {report.dead_letters}: {many(report.failed, 'document')}")
    if json:
        print_json(report.as_dict())
    if report.failed:
        raise typer.Exit(SET_ASIDE)
