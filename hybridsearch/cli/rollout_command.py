"""`hybridsearch rollout`, `rollback` and `prune`: versions of an index behind an alias."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.arguments import IdColumn, Query, ServerTarget, Settings, settings_of
from hybridsearch.cli.console import many, print_json, say
from hybridsearch.indexing.sources.open import open_sources
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.rollout.older import prune as prune_versions
from hybridsearch.wiring.rollout.older import roll_back
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted

Json = Annotated[bool, typer.Option("--json", help="End with the outcome as JSON.")]


def rollout(
    target: ServerTarget,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[SOURCE...]",
            help="As for `hybridsearch index`; left out, the documents of the version that serves.",
        ),
    ] = None,
    *,
    query: Query = None,
    id: IdColumn = None,
    schema: Annotated[
        Path | None, typer.Option(help="The schema of the new version. [default: as it is]")
    ] = None,
    encoder: Annotated[
        str | None, typer.Option(help="The model of the new version. [default: as it is]")
    ] = None,
    settings: Settings = None,
    checkpoint: Annotated[
        Path | None, typer.Option(help="The file that a load from sources goes on by.")
    ] = None,
    queries: Annotated[
        Path | None,
        typer.Option(help="Queries to compare both versions by, one a line. [default: a sample]"),
    ] = None,
    merge: Annotated[
        bool, typer.Option(help="Merge the new version before it serves: quicker searches.")
    ] = False,
    force: Annotated[bool, typer.Option(help="Serve it whatever the checks say.")] = False,
    restart: Annotated[
        bool, typer.Option(help="Throw away what an earlier roll-out has left, and begin anew.")
    ] = False,
    replace_index: Annotated[
        bool, typer.Option(help="Where an index has the name itself: put an alias in its place.")
    ] = False,
    json: Json = False,
) -> None:
    """Load a new version of an index beside the one that serves, check it, and let it serve.

    TARGET's name is an alias of NAME-000001 and so on. Writes by the alias go on and are not lost.
    Run again after it was ended, it goes on. `hybridsearch rollback` undoes it.
    """
    wanted = Wanted(
        documents=open_sources(sources, query=query, id=id).records if sources else None,
        schema=Schema.load(schema) if schema is not None else None,
        encoder=encoder,
        settings=settings_of(settings),
        checkpoint=checkpoint,
        queries=_lines(queries),
        merge=merge,
        force=force,
        restart=restart,
        replace_index=replace_index,
    )
    rolled = roll_out(target, wanted, say=say)
    held = f"; writes were held for {rolled.held_seconds:.1f} s" if rolled.before else ""
    say(
        f"{many(rolled.documents, 'document')} in {rolled.seconds:.1f} s, {rolled.caught_up:,} of "
        f"them written meanwhile{held}"
    )
    if rolled.before:
        say(f"{rolled.before} is kept: `hybridsearch rollback {target}` lets it serve again")
    if json:
        print_json(asdict(rolled))


def rollback(target: ServerTarget, json: Json = False) -> None:
    """Let the version before the one that serves serve again, in one step."""
    serving, left = roll_back(target)
    say(f"{target} is served by {serving}; what was written since is in {left}, which is kept")
    if json:
        print_json({"serving": serving, "left": left})


def prune(
    target: ServerTarget,
    keep: Annotated[int, typer.Option(min=0, help="How many older versions stay.")] = 1,
    json: Json = False,
) -> None:
    """Delete older versions of an index; the one that serves and newer ones stay."""
    gone = prune_versions(target, keep=keep)
    say(f"deleted: {', '.join(gone)}" if gone else "nothing to delete")
    if json:
        print_json({"deleted": list(gone)})


def _lines(path: Path | None) -> list[str]:
    if path is None:
        return []
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
