"""Which checkpoint a run of the command line has, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Annotated, Final, TypeAlias

import platformdirs
import typer

from hybridsearch.indexing.checkpoint import Checkpoint
from hybridsearch.indexing.sources.source import Source
from hybridsearch.model.target import Target
from hybridsearch.wiring.trails import named

OFF: Final = "off"
CheckpointFile: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--checkpoint",
        metavar="FILE",
        help="Where it is kept how far the run is, so that the same command goes on after it was "
        "ended; 'off' for nowhere. [default: for files, a place of its own]",
    ),
]
Restart: TypeAlias = Annotated[
    bool, typer.Option("--restart", help="Begin anew, whatever a checkpoint says.")
]


def checkpoint_of(
    target: str, sources: Sequence[str], source: Source, file: str | None, *, restart: bool
) -> Checkpoint | None:
    """The checkpoint in this file, or in the run's own place where the source can be recognised.

    In its own place it is a help that nobody asked for: where it belongs to a source that has
    changed since, the run begins anew; in a file that was named, that is an error.
    """
    if file == OFF or (file is None and source.state is None):
        return None
    if file is not None:
        return Checkpoint(file, source=source.state, restart=restart)
    return Checkpoint(
        _own_place(Target.parse(target), sources),
        source=source.state,
        restart=restart,
        lenient=True,
    )


def _own_place(target: Target, sources: Sequence[str]) -> Path:
    """In the folder of an embedded index, else among what programs keep for this user."""
    known = [str(Path(name).absolute()) if Path(name).exists() else name for name in sources]
    key = blake2b(
        "\0".join([named(target), *known]).encode(errors="surrogateescape"), digest_size=16
    ).hexdigest()
    embedded = target.engine == "embedded"
    state = platformdirs.user_state_path("hybridsearch", appauthor=False)
    return (Path(target.location) if embedded else state) / "checkpoints" / f"{key}.json"
