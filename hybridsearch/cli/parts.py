"""What is rendered in parts: one of them printed, or all written into a folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson
import typer

from hybridsearch.cli.console import say
from hybridsearch.errors import ConfigurationError, UnknownNameError


def give_parts(parts: Mapping[str, Any], part: str, output: Path | None) -> None:
    """Print the part, or write each of them to a file of its name in the folder `output`."""
    if part not in parts:
        raise UnknownNameError("part", part, parts)
    if output is None:
        typer.echo(_readable(parts[part]), nl=False)
        return
    for name, body in parts.items():
        write(output / f"{name}.json", _readable(body))
    say(f"written to {output}: {', '.join(f'{name}.json' for name in parts)}")


def write(path: Path, text: str) -> None:
    """Write a file, and make its folder; raises ConfigurationError where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"cannot write to the folder {path.parent} ({error.strerror}): name another place"
        ) from error


def _readable(body: Any) -> str:
    return orjson.dumps(body, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode()
