"""What a roll-out is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridsearch.encoding.protocol import Encoder
from hybridsearch.model.schema import Schema


@dataclass(frozen=True)
class Wanted:
    """What the new version is made of; None for what the old one has.

    documents: from elsewhere, in place of the old version's own. checkpoint: the file that a load
    of such documents goes on by. queries: to compare both versions by. force: serve it whatever
    the checks say; restart: throw away what an earlier roll-out left; replace_index: where an index
    itself has the name, let an alias take its place, the index being kept as a first version.
    """

    documents: Iterable[Any] | None = None
    schema: Schema | None = None
    encoder: str | Encoder | None = None
    settings: Mapping[str, Any] | None = None
    checkpoint: str | Path | None = None
    queries: Sequence[str] = ()
    merge: bool = False
    force: bool = False
    restart: bool = False
    replace_index: bool = False
