"""Where the command line writes: results to stdout, everything else to stderr."""

from __future__ import annotations

import sys

import orjson
from rich.console import Console

MINIMUM_WIDTH = 100


def results() -> Console:
    """The console of results; wide enough for tables where nobody is looking at a terminal."""
    return Console(width=None if sys.stdout.isatty() else MINIMUM_WIDTH, highlight=False)


def messages() -> Console:
    """The console of progress and remarks."""
    return Console(stderr=True, highlight=False)


def say(text: str) -> None:
    """A remark on stderr: lines stay whole, so that paths and JSON in them can be copied."""
    messages().print(text, markup=False, soft_wrap=True)


def many(count: int, noun: str) -> str:
    """`1 document`, `2 documents`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def print_json(value: object) -> None:
    """One line of JSON on stdout."""
    sys.stdout.buffer.write(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY) + b"\n")
    sys.stdout.buffer.flush()
