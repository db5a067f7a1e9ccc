"""`hybridsearch backfill`: vectors for documents that lack them."""

from __future__ import annotations

import re
from typing import Annotated

import typer

from hybridsearch.cli.arguments import Cache, Counts, ServerTarget, Settings, settings_of
from hybridsearch.cli.console import many, print_json, say
from hybridsearch.cli.counted_progress import counted_progress
from hybridsearch.cli.index_command import SET_ASIDE
from hybridsearch.errors import ConfigurationError
from hybridsearch.wiring.backfilling import backfill as backfill_index

_RATE = re.compile(r"(\d+(?:\.\d+)?)(?:/(s|min|h))?")
_SECONDS = {"s": 1, "min": 60, "h": 3600}


def backfill(
    target: ServerTarget,
    *,
    encoder: Annotated[
        str | None,
        typer.Option(help="The model that makes the vectors. [default: the index's own]"),
    ] = None,
    rate: Annotated[
        str | None,
        typer.Option(
            metavar="N[/s|/min|/h]", help="Documents at the most, such as 50/s or 3000/h."
        ),
    ] = None,
    settings: Settings = None,
    cache: Cache = None,
    json: Counts = False,
) -> None:
    """Give vectors to documents that lack them, and leave all else as it is.

    Ended midway, it goes on when run again. Others may write meanwhile. An index without any vector
    field is given one.
    """
    with counted_progress("making vectors") as progress:
        report = backfill_index(
            target,
            encoder=encoder,
            rate=None if rate is None else _a_second(rate),
            cache=cache,
            settings=settings_of(settings),
            progress=progress,
        )
    say(
        f"{many(report.filled, 'document')} got vectors ({many(report.passages, 'passage')}) in "
        f"{report.seconds:.1f} s"
        + (f"; {report.cached:,} texts from the embedding cache" if report.cached else "")
        + (f"; {report.without_text:,} have no text" if report.without_text else "")
    )
    if report.changed:
        say(f"{report.changed:,} were changed by others each time: run it again")
    if report.behind:
        say("others write documents without vectors faster than these get any: run it again")
    if report.failed:
        id, reason = next(iter(report.failures.items()))
        say(f"{report.failed:,} were refused by the server; the first, {id}: {reason}")
    if json:
        print_json(report.as_dict())
    if report.failed:
        raise typer.Exit(SET_ASIDE)


def _a_second(rate: str) -> float:
    found = _RATE.fullmatch(rate.strip())
    if found is None or float(found[1]) == 0:
        raise ConfigurationError(f"--rate {rate!r} is no rate: write 50/s, 600/min or 3000/h")
    return float(found[1]) / _SECONDS[found[2] or "s"]
