"""`hybridsearch retry`: documents that were set aside, sent again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.arguments import Cache, Counts, Normalise
from hybridsearch.cli.console import print_json, say
from hybridsearch.cli.index_command import SET_ASIDE
from hybridsearch.cli.indexing_progress import shown_progress
from hybridsearch.errors import ConfigurationError, SourceError
from hybridsearch.indexing.retrial import Retrial
from hybridsearch.indexing.sources.source import CountedReading
from hybridsearch.wiring.index import HybridIndex


def retry(
    dead_letters: Annotated[
        Path, typer.Argument(metavar="DEADLETTERS", help="The file of documents set aside.")
    ],
    target: Annotated[
        str | None,
        typer.Argument(metavar="TARGET", help="Where to send them. [default: as the file says]"),
    ] = None,
    cache: Cache = None,
    normalise_vectors: Normalise = False,
    json: Counts = False,
) -> None:
    """Send documents that were set aside again, after the index or the file was corrected.

    Those that are stored leave the file; the others stay, with their new reason. Ended midway, the
    file is as it was.
    """
    retrial = Retrial(dead_letters)
    with HybridIndex.open(target or _only(retrial), cache=cache) as index:
        with shown_progress(CountedReading(), "sending again") as progress:
            report = index.add(
                retrial.records(index.schema.dense),
                normalise_vectors=normalise_vectors,
                dead_letters=retrial.refused,
                progress=progress,
            )
        retrial.finish()
    kept = len(retrial.kept)
    stored = retrial.again - report.failed - report.outdated
    say(
        f"{stored:,} of {retrial.again + kept:,} documents were stored"
        + (f"; {report.outdated:,} were older than what is stored" if report.outdated else "")
    )
    if report.failed:
        say(
            f"{report.failed:,} were set aside again and stay in {dead_letters}; the first: "
            f"{report.failures[0].reason}"
        )
    if kept:
        say(
            f"{kept:,} stay in {dead_letters} and cannot be sent again: they are no documents, or "
            "too large for the file, or hold what JSON cannot; correct their source and index it"
        )
    if json:
        print_json(
            {
                "stored": stored,
                "outdated": report.outdated,
                "failed": report.failed,
                "kept": kept,
                "replaced": report.replaced,
                "passages": report.passages,
            }
        )
    if report.failed or kept:
        raise typer.Exit(SET_ASIDE)


def _only(retrial: Retrial) -> str:
    """The target that all letters name; raises ConfigurationError where it is not one."""
    named = sorted(target for target in retrial.targets if target is not None)
    if not retrial.targets:
        raise SourceError(f"{retrial.path} holds no documents that were set aside")
    if len(named) != 1 or None in retrial.targets:
        told = f"names {', '.join(named)}" if len(named) > 1 else "does not say it for all"
        raise ConfigurationError(
            f"where the documents of {retrial.path} belong has to be said, since the file {told}: "
            f"hybridsearch retry {retrial.path} TARGET"
        )
    return named[0]
