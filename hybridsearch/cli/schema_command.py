"""`hybridsearch schema`: the schema of sources, guessed or their own, shown or to be edited."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.arguments import IdColumn, Query, Sources
from hybridsearch.cli.console import say
from hybridsearch.cli.guessing import schema_of
from hybridsearch.indexing.sources.open import open_sources


def schema(
    sources: Sources,
    query: Query = None,
    id: IdColumn = None,
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Guess a schema from the first thousand documents; an index has one already."""
    guessed = schema_of(open_sources(sources, query=query, id=id)).schema
    if output is None:
        typer.echo(guessed.to_json(), nl=False)
        return
    guessed.save(output)
    say(f"written to {output}")
