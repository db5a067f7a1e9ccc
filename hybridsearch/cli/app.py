"""The `hybridsearch` command: its options, its exit statuses, and errors in one line."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from hybridsearch import __version__
from hybridsearch.cli.adopt_command import adopt
from hybridsearch.cli.backfill_command import backfill
from hybridsearch.cli.copy_command import copy
from hybridsearch.cli.delete_command import delete
from hybridsearch.cli.demo_command import demo
from hybridsearch.cli.index_command import index
from hybridsearch.cli.info_command import info
from hybridsearch.cli.mapping_command import mapping
from hybridsearch.cli.query_log_command import query_log
from hybridsearch.cli.retry_command import retry
from hybridsearch.cli.rollout_command import prune, rollback, rollout
from hybridsearch.cli.schema_command import schema
from hybridsearch.cli.search_command import search
from hybridsearch.cli.stopping import Stopped
from hybridsearch.cli.sync_command import sync
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
for command in (
    index,
    retry,
    sync,
    copy,
    adopt,
    backfill,
    search,
    info,
    delete,
    rollout,
    rollback,
    prune,
    schema,
    demo,
):
    app.command()(command)
app.add_typer(mapping, name="mapping")
app.add_typer(query_log, name="query-log")


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
    debug, arguments = _without_debug(sys.argv[1:])
    _prepare_process()
    try:
        app(["--debug", *arguments] if debug else arguments)
    except (KeyboardInterrupt, SystemExit) as end:
        # Typer turns an interrupt within a command into this exit status and says nothing.
        if isinstance(end, SystemExit) and end.code != INTERRUPTED:
            raise
        typer.echo("interrupted: what was committed stays", err=True)
        sys.exit(INTERRUPTED)
    except Stopped as stopped:
        typer.echo(told(stopped), err=True)
        sys.exit(stopped.status)
    except BrokenPipeError:
        # Whoever read our output has gone; keep Python from complaining about it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except (HybridSearchError, OSError) as error:
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
    """The error in one line, with what its notes add."""
    if isinstance(error, FilterError) and error.position is not None:
        return f"filter, at character {error.position + 1}: {error.reason}"
    lines = str(error).splitlines()
    if len(lines) > 2 and lines[-1].strip() == "^":  # a mark under the place says nothing in a line
        lines = lines[:-2]
    if isinstance(error, OSError) and error.strerror:
        lines = [
            error.strerror if error.filename is None else f"{error.filename}: {error.strerror}"
        ]
    return " ".join("; ".join([" ".join(lines), *getattr(error, "__notes__", ())]).split())


def _without_debug(arguments: list[str]) -> tuple[bool, list[str]]:
    """Whether --debug is among the options, wherever it stands, and the arguments without it."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [argument for argument in arguments[:end] if argument != "--debug"]
    return len(options) < end, [*options, *arguments[end:]]


def _prepare_process() -> None:
    """Settings that only a program may make for its whole process."""
    # Threads that wait by spinning make a query take half a second where a core is busy elsewhere.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # whoever started us closed it
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - stays open
    if isinstance(sys.stdout, TextIOWrapper):  # a terminal may lack letters that documents have
        sys.stdout.reconfigure(errors="backslashreplace")
