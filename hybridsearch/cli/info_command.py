"""`hybridsearch info`: what an index holds and how it was made."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hybridsearch.cli.arguments import Target
from hybridsearch.cli.console import print_json, results
from hybridsearch.wiring.index import HybridIndex


def info(
    target: Target,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show what an index holds."""
    with HybridIndex.open(target) as index:
        told = index.info()
    if json:
        print_json(told.as_dict())
        return
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="dim")
    table.add_column()
    table.add_row("target", str(told.target))
    table.add_row("kept by", told.kept_by)
    table.add_row("documents", f"{told.documents:,}")
    for name, passages in told.passages.items():
        table.add_row(f"passages in {name}", f"{passages:,}")
    if told.bytes is not None:
        table.add_row("on disk", f"{told.bytes / 1e6:,.2f} MB")
    without = "documents bring their vectors" if told.schema.dense else "searched by text alone"
    table.add_row("encoder", told.encoder or f"none: {without}")
    for name, text in told.schema.text.items():
        table.add_row(f"text {name}", f"analyzer {text.analyzer}, weight {text.weight:g}")
    for name, metadata in told.schema.metadata.items():
        table.add_row(f"metadata {name}", metadata.type)
    for name, dense in told.schema.dense.items():
        table.add_row(f"vectors {name}", f"{dense.dims} dims, embeds {', '.join(dense.embeds)}")
    results().print(table)
