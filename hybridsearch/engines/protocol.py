"""What every engine is: it stands for an index at a place, and answers calls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from hybridsearch.engines.calls import (
    Commit,
    Complete,
    Completed,
    Count,
    Counted,
    Create,
    Durable,
    Get,
    Got,
    Identified,
    Identify,
    Open,
    Opened,
    Persist,
    Refresh,
    Retrieve,
    Retrieved,
    Scan,
    Scanned,
    Write,
    Written,
)
from hybridsearch.engines.reading_calls import (
    GetDigests,
    GetVectors,
    GetWhole,
    GotDigests,
    GotVectors,
    GotWhole,
    ListedIds,
    ListIds,
)
from hybridsearch.model.definition import IndexDefinition

Call: TypeAlias = (
    Create
    | Open
    | Retrieve
    | Complete
    | Write
    | Persist
    | Commit
    | Identify
    | Refresh
    | Get
    | GetDigests
    | GetVectors
    | GetWhole
    | ListIds
    | Scan
    | Count
)
Reply: TypeAlias = (
    Opened
    | Retrieved
    | Completed
    | Written
    | Durable
    | Identified
    | Got
    | GotDigests
    | GotVectors
    | GotWhole
    | ListedIds
    | Scanned
    | Counted
    | None
)


@dataclass(frozen=True)
class EngineOptions:
    """What the caller says beside the target; an engine refuses what has no meaning for it.

    target: as it was written, for messages. client: an object of the product's own client;
    connection: how a server is reached; settings: of an index, the engine's own. asynchronous:
    whether calls will come by `perform_async`.
    """

    target: str
    client: Any = None
    connection: Mapping[str, Any] | None = None
    settings: Mapping[str, Any] | None = None
    asynchronous: bool = False


class Engine(Protocol):
    """Stores documents and answers retrievers.

    A plug-in is a callable from a location (what follows the engine's name in a target) and
    EngineOptions to an Engine, which has asked nothing yet: its first call is Create or Open.
    """

    @property
    def definition(self) -> IndexDefinition:
        """The schema and the encoder of the index, once it is open."""

    @property
    def kept_by(self) -> str:
        """What keeps the open index, in words: a folder, or which server."""

    @property
    def writes_in_flight(self) -> int:
        """How many writes it does well to be given at a time, from threads or tasks."""

    def perform(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """Answer calls in order; several at once may share a trip. Safe to call from threads."""

    async def perform_async(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """The same with `await`."""

    def close(self) -> None:
        """Release locks, files and connections; what was not committed may be forgotten."""

    async def close_async(self) -> None:
        """The same with `await`."""
