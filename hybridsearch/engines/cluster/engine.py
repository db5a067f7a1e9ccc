"""The engine on a cluster: it answers calls by requests that a product's client carries."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from hybridsearch.engines.calls import Create, Open, Opened
from hybridsearch.engines.cluster.answers import answer
from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.location import Location
from hybridsearch.engines.cluster.notation import JSON, SMILE, Notation
from hybridsearch.engines.cluster.opening import create_index, open_index
from hybridsearch.engines.cluster.recovery import once_recovered
from hybridsearch.engines.cluster.refusals import lost
from hybridsearch.engines.cluster.sending import send, send_async
from hybridsearch.engines.cluster.wire import (
    AsyncWire,
    HttpReply,
    HttpRequest,
    Step,
    Wire,
    WireError,
)
from hybridsearch.engines.protocol import Call, Reply
from hybridsearch.errors import ConfigurationError, EngineError
from hybridsearch.lockstep import run, run_async
from hybridsearch.model.definition import IndexDefinition

T = TypeVar("T")


class ClusterEngine:
    """An index on Elasticsearch or OpenSearch; which of them, its dialect and its wire say.

    wire: of a client that is called, or of one that is awaited; owned: whether it was made here
    and ends with the engine.
    """

    def __init__(
        self,
        location: Location,
        target: str,
        dialect: Dialect,
        wire: Wire | None,
        async_wire: AsyncWire | None,
        connection: Connection,
        settings: Mapping[str, Any] | None,
        *,
        owned: bool,
    ) -> None:
        self._location = location
        self._target = target
        self._dialect = dialect
        self._wire = wire
        self._async_wire = async_wire
        self._connection = connection
        self._settings = settings
        self._owned = owned
        self._index: ClusterIndex | None = None
        self._closed = False

    @property
    def definition(self) -> IndexDefinition:
        """The schema and the encoder of the open index."""
        return self._opened().definition

    @property
    def kept_by(self) -> str:
        """The server of the open index: product, version, licence."""
        return str(self._opened().server)

    @property
    def writes_in_flight(self) -> int:
        """As the connection says."""
        return self._connection.writes_in_flight

    @property
    def index(self) -> ClusterIndex:
        """The open index, for flows that only clusters have."""
        return self._opened()

    @property
    def dialect(self) -> Dialect:
        """The product's own words."""
        return self._dialect

    @property
    def name(self) -> str:
        """The index's name on the cluster."""
        return self._location.name

    def perform(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """Answer calls in order."""
        return self.ask(self._answering(calls))

    def ask(self, flow: Generator[Step, Any, T]) -> T:
        """What a flow of requests to the cluster returns."""
        if self._wire is None:
            raise ConfigurationError(
                "the client that was given is asynchronous: use it with AsyncHybridIndex"
            )
        return run([once_recovered(flow)], self._exchange)[0]

    async def perform_async(self, calls: Sequence[Call]) -> Sequence[Reply]:
        """Answer calls in order; with a client that is called, in a thread."""
        if self._async_wire is None:
            return await asyncio.to_thread(self.perform, calls)
        return (await run_async([once_recovered(self._answering(calls))], self._exchange_async))[0]

    def close(self) -> None:
        """Close connections, unless the caller brought them."""
        self._closed = True
        if self._owned and self._wire is not None:
            self._wire.close()

    async def close_async(self) -> None:
        """The same with `await`."""
        self.close()
        if self._owned and self._async_wire is not None:
            await self._async_wire.close()

    def _answering(self, calls: Sequence[Call]) -> Generator[Step, Any, Sequence[Reply]]:
        if self._closed:
            raise EngineError("the index is closed: open it again")
        match calls[0]:
            case Create(definition, alike):
                settings = {**alike, **(self._settings or {})}
                self._index = yield from create_index(
                    self._location.name, self._target, definition, settings, self._dialect
                )
            case Open():
                self._index = yield from open_index(
                    self._location.name, self._target, self._settings, self._dialect
                )
            case _:
                return (yield from answer(calls, self._opened()))
        opened = self._index = replace(self._index, notation=self._notation())
        opened.pace.patience = self._connection.write_timeout
        return [Opened(opened.definition, self.kept_by, opened.settings.model_dump())]

    def _notation(self) -> Notation:
        wire = self._wire or self._async_wire
        takes = wire is not None and wire.takes_smile
        return SMILE if takes and self._connection.binary else JSON

    def _exchange(self, steps: Sequence[Step]) -> list[HttpReply | None]:
        if self._wire is None:
            raise EngineError("there is no synchronous client")
        (step,) = steps
        timeout = self._timeout(step)
        try:
            return [send(self._wire, step, timeout)]
        except WireError as error:
            raise lost(error, _purpose(step), target=self._target, seconds=timeout) from error

    async def _exchange_async(self, steps: Sequence[Step]) -> list[HttpReply | None]:
        if self._async_wire is None:
            raise EngineError("there is no asynchronous client")
        (step,) = steps
        timeout = self._timeout(step)
        try:
            return [await send_async(self._async_wire, step, timeout)]
        except WireError as error:
            raise lost(error, _purpose(step), target=self._target, seconds=timeout) from error

    def _timeout(self, step: Step) -> float:
        if not (isinstance(step, HttpRequest) and step.writes):
            return self._connection.timeout
        most = self._connection.write_timeout
        return most if step.seconds is None else min(most, step.seconds)

    def _opened(self) -> ClusterIndex:
        if self._index is None:
            raise EngineError(f"the index at {self._target} is not open")
        return self._index


def _purpose(step: Step) -> str:
    return f"{step.method} {step.path}" if isinstance(step, HttpRequest) else "to wait"
