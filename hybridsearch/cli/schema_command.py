"""`hybridsearch schema`: a schema guessed from sources, shown or saved to be edited."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from hybridsearch.cli.console import say
from hybridsearch.cli.index_command import SAMPLE
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.open import open_sources
from hybridsearch.model.schema import Schema


def schema(
    sources: Annotated[list[str], typer.Argument(help="The sources to look at.")],
    output: Annotated[Path | None, typer.Option(help="The file to write.")] = None,
) -> None:
    """Guess a schema from the first thousand documents."""
    source = open_sources(sources)
    sample = [
        record.document for record in islice(source.records, SAMPLE) if isinstance(record, Located)
    ]
    guessed = Schema.infer(sample, untyped=source.untyped)
    if output is None:
        typer.echo(guessed.to_json(), nl=False)
        return
    guessed.save(output)
    say(f"written to {output}")
