"""The `hybridsearch` command: its options, its exit statuses, and errors in one line."""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from hybridsearch import __version__
from hybridsearch.cli.delete_command import delete
from hybridsearch.cli.demo_command import demo
from hybridsearch.cli.index_command import index
from hybridsearch.cli.info_command import info
from hybridsearch.cli.schema_command import schema
from hybridsearch.cli.search_command import search
from hybridsearch.errors import FilterError, HybridSearchError

FAILED = 1
INTERRUPTED = 130

app = typer.Typer(
    name="hybridsearch",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Hybrid search: BM25 and dense vectors, blended into scores that explain themselves.\n\n"
    "Exit status: 0 fine, 1 failed, 2 wrong usage, 3 indexed but some documents were set aside.",
)
for command in (index, search, info, delete, schema, demo):
    app.command()(command)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"hybridsearch {__version__}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
    version: Annotated[  # noqa: ARG001 - the callback answers it
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Keep what every command may look at."""
    context.obj = {"debug": debug}


def main() -> None:
    """Run the command line; errors are told in one line on stderr unless --debug is given."""
    debug = "--debug" in sys.argv[1:]
    try:
        app()
    except (KeyboardInterrupt, SystemExit) as end:
        # Typer turns an interrupt within a command into this exit status and says nothing.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        typer.echo("interrupted: what was committed stays", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read our output has gone; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except HybridSearchError as error:
        if debug:
            raise
        typer.echo(f"error: {told(error)}", err=True)
        sys.exit(FAILED)
    except Exception as error:
        if debug:
            raise
        typer.echo(
            f"error: unexpected {type(error).__name__}: {told(error)} "
            "(`hybridsearch --debug ...` shows where)",
            err=True,
        )
        sys.exit(FAILED)


def told(error: BaseException) -> str:
    """The error in one line."""
    if isinstance(error, FilterError) and error.position is not None:
        return f"filter, at character {error.position + 1}: {error.reason}"
    return " ".join(str(error).split())
