"""`hybridsearch mapping`: what an index on a server is made of, rendered, compared, applied."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, TypeAlias

import typer

from hybridsearch.cli.arguments import ServerTarget, Settings, settings_of
from hybridsearch.cli.console import print_json, say
from hybridsearch.cli.parts import give_parts
from hybridsearch.encoding.load import DEFAULT_MODEL
from hybridsearch.model.default_schema import default_schema
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.mapping import (
    Wanted,
    apply_mapping,
    compare_mapping,
    render_esql,
    render_mapping,
)

DIFFERENT: Final = 1

SchemaFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--schema", help="A schema file, as `hybridsearch schema` writes it."),
]
EncoderName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--encoder",
        help="The model, or 'none' where documents bring their vectors. "
        f"[default: {DEFAULT_MODEL}, or the index's own]",
    ),
]
Dims: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--dims",
        min=1,
        help="The dims of its vectors: the model is then named in the index and not loaded, and "
        "its fingerprint not recorded.",
    ),
]

mapping = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Render, compare or apply what an index on Elasticsearch or OpenSearch is made of.",
)


@mapping.command()
def render(
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="elasticsearch or opensearch, with the index's name behind a colon "
            "(elasticsearch:books), or a whole target. No server is asked.",
        ),
    ],
    schema: SchemaFile = None,
    encoder: EncoderName = None,
    dims: Dims = None,
    settings: Settings = None,
    part: Annotated[
        str,
        typer.Option(
            help="What to print: index, index-template, component-settings, component-mappings or "
            "search-template."
        ),
    ] = "index",
    output: Annotated[
        Path | None, typer.Option(help="A folder: write all five parts there, one JSON a file.")
    ] = None,
) -> None:
    """Print the body that makes an index.

    Without --schema it is one of documents with a title and a text.
    """
    give_parts(render_mapping(target, _wanted(schema, encoder, dims, settings)), part, output)


@mapping.command()
def esql(
    name: Annotated[str, typer.Argument(help="The index's name on Elasticsearch.")],
    vector: Annotated[
        list[str],
        typer.Option(
            help="A field of type dense_vector, of the documents themselves: ES|QL does not see "
            "the nested ones in which hybridsearch keeps vectors. May be given several times."
        ),
    ],
    schema: SchemaFile = None,
) -> None:
    """Print the blend inside the server as an ES|QL statement with ?text and ?vector.

    It needs Elasticsearch 9.2 and no paid licence.
    """
    read = default_schema() if schema is None else Schema.load(schema)
    typer.echo(render_esql(name, read, vector), nl=False)


@mapping.command()
def diff(
    target: ServerTarget,
    schema: SchemaFile = None,
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json", help="Print the differences as JSON.")] = False,
) -> None:
    """Tell where an index is not what is rendered for it.

    That is the rendering of the schema it remembers, or of another. Exit status: 0 equal, 1
    different, or failed, which stderr says.
    """
    differences = compare_mapping(target, _wanted(schema, None, None, settings))
    if json:
        print_json(
            [
                {
                    "place": each.place,
                    "index": each.index,
                    "rendered": each.rendered,
                    "in_place": each.in_place,
                }
                for each in differences
            ]
        )
    else:
        for each in differences:
            typer.echo(str(each))
    say(f"{len(differences)} differences" if differences else "no difference")
    if differences:
        raise typer.Exit(DIFFERENT)


@mapping.command()
def apply(
    target: ServerTarget,
    schema: SchemaFile = None,
    encoder: EncoderName = None,
    dims: Dims = None,
    settings: Settings = None,
    json: Annotated[bool, typer.Option("--json", help="Print what was done as JSON.")] = False,
) -> None:
    """Make an index without documents, or change one in place.

    An index that exists is given new replicas, refresh_interval, dfs, effort and weights; where
    anything else differs, that is told and nothing is changed.
    """
    changes = apply_mapping(target, _wanted(schema, encoder, dims, settings))
    if json:
        print_json({"made": changes is None, "changed": [each.place for each in changes or ()]})
    if changes is None:
        say(f"the index at {target} was made")
        return
    for each in changes:
        say(f"changed {each}")
    if not changes:
        say(f"the index at {target} is so already")


def _wanted(
    schema: Path | None, encoder: str | None, dims: int | None, settings: list[str] | None
) -> Wanted:
    read = None if schema is None else Schema.load(schema)
    return Wanted(read, encoder, dims, settings_of(settings))
