"""Telling on stderr what takes a while."""

from __future__ import annotations

import sys


def tell(name: str, doing: str) -> None:
    print(f"{name}: {doing} ...", file=sys.stderr, flush=True)
