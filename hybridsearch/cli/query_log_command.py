"""`hybridsearch query-log`: the index of a query log and the dashboard over it, rendered."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from hybridsearch.cli.console import say
from hybridsearch.cli.parts import give_parts, write
from hybridsearch.engines.cluster.dashboard.objects import Product, as_ndjson, saved_objects
from hybridsearch.engines.cluster.log_index import DEFAULT_NAME, rendered_log

Name: TypeAlias = Annotated[str, typer.Argument(help="The name of the log's index.")]

query_log = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Render the index of a query log, and a dashboard over it.",
)


@query_log.command()
def render(
    name: Name = DEFAULT_NAME,
    part: Annotated[
        str,
        typer.Option(
            help="What to print: index, index-template, component-settings or component-mappings."
        ),
    ] = "index",
    output: Annotated[
        Path | None, typer.Option(help="A folder: write all four parts there, one JSON a file.")
    ] = None,
) -> None:
    """Print the body that makes the index; it is the same on Elasticsearch and OpenSearch."""
    give_parts(rendered_log(name), part, output)


@query_log.command()
def dashboard(
    product: Annotated[
        Product,
        typer.Argument(help="What is to import it: kibana, or dashboards (OpenSearch's)."),
    ],
    name: Name = DEFAULT_NAME,
    output: Annotated[
        Path | None, typer.Option(help="A file to write, which should end in .ndjson.")
    ] = None,
) -> None:
    """Print a data view, a saved search, panels and a dashboard, one object a line."""
    lines = as_ndjson(saved_objects(product, name))
    if output is None:
        typer.echo(lines, nl=False)
        return
    write(output, lines)
    say(f"written to {output}: {len(lines.splitlines())} saved objects")
