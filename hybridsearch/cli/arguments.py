"""Arguments and options that several commands have: the target, and settings of an index."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import typer

from hybridsearch.errors import ConfigurationError

_ON_SERVERS: Final = (
    "elasticsearch://HOST:9200/NAME or opensearch://HOST:9200/NAME; with +https after the engine "
    "for TLS. Credentials come from the environment: HYBRIDSEARCH_API_KEY, or "
    "HYBRIDSEARCH_USERNAME and HYBRIDSEARCH_PASSWORD, or HYBRIDSEARCH_BEARER; so do "
    "HYBRIDSEARCH_CA_CERTS and HYBRIDSEARCH_TIMEOUT."
)
Target: TypeAlias = Annotated[
    str,
    typer.Argument(metavar="TARGET", help=f"Where the index lives: embedded:PATH, {_ON_SERVERS}"),
]
ServerTarget: TypeAlias = Annotated[
    str, typer.Argument(metavar="TARGET", help=f"Where the index lives: {_ON_SERVERS}")
]
Settings: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="NAME=VALUE",
        help="A setting of a new index on a server, such as shards=3, replicas=0 or "
        "vector_index=hnsw; may be given several times.",
    ),
]
Cache: TypeAlias = Annotated[
    str | None,
    typer.Option(
        metavar="DIR",
        help="A folder that keeps what was encoded, for other runs and indexes: 'default' for one "
        "in the user's cache folder, 'off' for none. [default: HYBRIDSEARCH_CACHE, or off]",
    ),
]
Sources: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE...",
        help="JSON lines or CSV files (also .gz, .zst), .parquet and .arrow files, BEIR folders, "
        "- for JSON lines on stdin, sqlite:FILE or postgresql://USER@HOST/DATABASE with --query, "
        "or another index by its target.",
    ),
]
Normalise: TypeAlias = Annotated[
    bool,
    typer.Option(
        "--normalise-vectors",
        help="Make given vectors unit length instead of refusing those that are not.",
    ),
]
Counts: TypeAlias = Annotated[bool, typer.Option("--json", help="End with the counts as JSON.")]
Query: TypeAlias = Annotated[
    str | None,
    typer.Option(help="What to read from a database: an SQL query, one document a row."),
]
IdColumn: TypeAlias = Annotated[
    str | None,
    typer.Option("--id", help="The field or column that holds the ids. [default: id]"),
]


def no_source(dead_letters: Path | None, sources: Sequence[str]) -> Path | None:
    """The file for documents that are set aside; raises ConfigurationError where it is a source,
    which would be added to while it is read."""
    if dead_letters is not None and dead_letters.exists():
        for source in sources:
            if Path(source).exists() and dead_letters.samefile(source):
                raise ConfigurationError(
                    f"--dead-letters {dead_letters} is a source of documents: name another file"
                )
    return dead_letters


def settings_of(given: list[str] | None) -> dict[str, Any] | None:
    """The settings by name, as text; raises ConfigurationError for what is not NAME=VALUE."""
    settings = {}
    for text in given or ():
        name, equals, value = text.partition("=")
        if not name.strip() or not equals:
            raise ConfigurationError(f"--set {text!r} is not NAME=VALUE, such as --set shards=3")
        settings[name.strip()] = value.strip()
    return settings or None
