"""`hybridsearch delete`: documents out of an index, by id."""

from __future__ import annotations

from typing import Annotated

import typer

from hybridsearch.cli.arguments import Target
from hybridsearch.cli.console import print_json, say
from hybridsearch.wiring.index import HybridIndex


def delete(
    target: Target,
    ids: Annotated[list[str], typer.Argument(help="The ids of the documents.")],
    json: Annotated[bool, typer.Option("--json", help="Print the count as JSON.")] = False,
) -> None:
    """Delete documents by id."""
    with HybridIndex.open(target) as index:
        deleted = index.delete(ids)
    if json:
        print_json({"deleted": deleted})
    say(f"{deleted} of {len(set(ids))} documents deleted")
