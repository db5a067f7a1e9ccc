"""`hybridsearch sync`: an index made equal to its source."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.arguments import (
    Cache,
    Counts,
    IdColumn,
    Normalise,
    Query,
    Sources,
    Target,
    no_source,
)
from hybridsearch.cli.console import many, print_json, say
from hybridsearch.cli.index_command import SET_ASIDE, came_again
from hybridsearch.cli.indexing_progress import shown_progress
from hybridsearch.cli.stopping import Stop
from hybridsearch.indexing.sources.open import open_sources
from hybridsearch.indexing.sync import MOST_DELETED
from hybridsearch.model.response import SyncReport
from hybridsearch.wiring.index import HybridIndex


def sync(
    target: Target,
    sources: Sources,
    *,
    query: Query = None,
    id: IdColumn = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only tell what would be done.")
    ] = False,
    most_deleted: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            help="The share of the index that may be deleted; where it is more, nothing is.",
        ),
    ] = MOST_DELETED,
    dead_letters: Annotated[
        Path | None, typer.Option(help="The file for documents that cannot be accepted.")
    ] = None,
    cache: Cache = None,
    normalise_vectors: Normalise = False,
    json: Counts = False,
) -> None:
    """Make an index equal to a source: add what is new, replace what has changed, delete the rest.

    What has not changed is neither encoded nor written. Ended midway, run it again.
    """
    dead_letters = no_source(dead_letters, sources)
    source = open_sources(sources, query=query, id=id)
    stop = Stop()
    with (
        stop.listening(),
        HybridIndex.open(target, cache=cache) as index,
        shown_progress(source.reading, "comparing" if dry_run else "syncing") as progress,
    ):
        report = index.sync(
            stop.until(source.records),
            dry_run=dry_run,
            most_deleted=most_deleted,
            normalise_vectors=normalise_vectors,
            dead_letters=dead_letters,
            progress=progress,
        )
    _tell(report)
    if json:
        print_json(report.as_dict())
    if report.failed:
        raise typer.Exit(SET_ASIDE)


def _tell(report: SyncReport) -> None:
    done = "would be " if report.dry_run else ""
    say(
        f"{many(report.added, 'document')} {done}added, {report.changed:,} {done}replaced, "
        f"{report.deleted:,} {done}deleted; {report.unchanged:,} have not changed "
        f"({report.seconds:.1f} s)"
        + (f"; {report.outdated:,} older than what is stored" if report.outdated else "")
        + came_again(report.duplicates)
    )
    if report.stopped:
        say(f"a sync would delete nothing and fail: {report.stopped}")
    if report.failed:
        where = f"set aside in {report.dead_letters}" if report.dead_letters else "not acceptable"
        say(
            f"{report.failed:,} records of the source are {where} and leave their documents as "
            f"they are; the first: {report.failures[0].reason}"
        )
