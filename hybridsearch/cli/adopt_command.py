"""`hybridsearch adopt`: an index that others made, searched as it is."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.table import Table

from hybridsearch.cli.arguments import ServerTarget, Settings, settings_of
from hybridsearch.cli.console import many, print_json, results, say
from hybridsearch.wiring.adoption.adopt import Adopted
from hybridsearch.wiring.adoption.adopt import adopt as adopt_index
from hybridsearch.wiring.adoption.wanted import Wanted


def adopt(
    target: ServerTarget,
    *,
    text: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS",
            help="The fields to search, with commas: title^2,body counts title twice. "
            "[default: those whose values read like text]",
        ),
    ] = None,
    metadata: Annotated[
        str | None,
        typer.Option(metavar="FIELDS", help="The fields to filter by. [default: all that can be]"),
    ] = None,
    vector: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS",
            help="The fields with vectors, or a new name for the field that --encoder adds where "
            "there is none. [default: the first that can serve, else dense]",
        ),
    ] = None,
    embeds: Annotated[
        str | None,
        typer.Option(
            metavar="FIELDS",
            help="The text fields that the vectors are made of. [default: all of --text]",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="The model that made the vectors, or that is to make them; some are compared. "
            "Without it, queries bring their vectors."
        ),
    ] = None,
    id: Annotated[
        str | None,
        typer.Option(
            "--id",
            metavar="FIELD",
            help="A keyword field that repeats _id in every document, which is looked at: "
            "searches are quicker by it.",
        ),
    ] = None,
    settings: Settings = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Tell what can serve as what, and change nothing.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Tell what the fields of an index can serve as, and let it be searched as it is.

    What is chosen is noted in the mapping's _meta, and nothing else changes; with --encoder, an
    index without vectors is given a field for them, which `hybridsearch backfill` fills.
    """
    wanted = Wanted(
        text=_names(text),
        metadata=_names(metadata),
        vectors=_names(vector),
        embeds=_names(embeds),
        encoder=encoder,
        id=id,
        settings=settings_of(settings),
    )
    adopted = adopt_index(target, wanted, dry_run=dry_run)
    if json:
        print_json(adopted.as_dict())
    else:
        results().print(_table(adopted))
    _tell(adopted, dry_run)


def _names(given: str | None) -> list[str] | None:
    return None if given is None else [name.strip() for name in given.split(",") if name.strip()]


def _table(adopted: Adopted) -> Table:
    table = Table(box=None, pad_edge=False)
    for title in ("field", "type", "can serve as", "serves", "remark"):
        table.add_column(title)
    for field in adopted.fields:
        serves = "yes" if adopted.serves(field) else ""
        table.add_row(field.name, field.type, field.serves or "-", serves, field.remark)
    return table


def _tell(adopted: Adopted, dry_run: bool) -> None:
    schema = adopted.schema
    if schema.dense and adopted.encoder is None:
        say("searches bring their vectors, unless --encoder says which model made those here")
    if not schema.dense:
        say("searched by text alone: --encoder NAME adds a field for vectors")
    if adopted.added:
        would = "would be" if dry_run else "is"
        say(
            f"the field {adopted.added} {would} added: "
            f"`hybridsearch backfill {adopted.target}` fills it"
        )
    if adopted.routed:
        say(
            "some documents have a routing of their own, or need one: they are searched, read and "
            "filled, and nothing is written by its id alone"
        )
    if dry_run:
        say("nothing was changed; without --dry-run, this is noted in the mapping's _meta")
    else:
        say(f"adopted: {many(adopted.documents, 'document')} at {adopted.target}")
