"""The performer: an engine and an encoder that together make whatever a flow calls for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from typing import Any

from hybridsearch.encoding.answer import answer
from hybridsearch.encoding.cache import EmbeddingCache
from hybridsearch.encoding.calls import EncodeDocuments, EncodeQuery, EncoderCall, EncoderReply
from hybridsearch.encoding.digest import UNKNOWN_ENCODER
from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.protocol import Engine
from hybridsearch.indexing.rules import Rules
from hybridsearch.model.request import SearchRequest
from hybridsearch.searching.flow import SearchFlow, search
from hybridsearch.searching.foresight import Foresight
from hybridsearch.wiring.query_log.log import QueryLog


class Performer:
    """Makes the calls of one round: those for the encoder together, then those for the engine.

    The encoder is loaded when the first call needs it. log: what searches are recorded in.
    """

    def __init__(
        self,
        engine: Engine,
        load: Callable[[], Encoder] | None,
        cache: EmbeddingCache | None = None,
        log: QueryLog | None = None,
    ) -> None:
        self.engine = engine
        self.log = log
        self._load = load
        self._cache = cache
        self._encoder: Encoder | None = None
        self._foresight = Foresight()
        self._lock = threading.Lock()

    @property
    def encodes(self) -> bool:
        """Whether there is an encoder."""
        return self._load is not None

    def perform(self, calls: Sequence[Any]) -> list[Any]:
        """Replies in the order of the calls."""
        for_encoder, for_engine = _divided(calls)
        encoded = self._encode(for_encoder) if for_encoder else ()
        answered = self.engine.perform(for_engine) if for_engine else ()
        return _merged(calls, encoded, answered)

    async def perform_async(self, calls: Sequence[Any]) -> list[Any]:
        """The same with `await`; encoding computes, and so goes on off the event loop."""
        for_encoder, for_engine = _divided(calls)
        encoded = await asyncio.to_thread(self._encode, for_encoder) if for_encoder else ()
        answered = await self.engine.perform_async(for_engine) if for_engine else ()
        return _merged(calls, encoded, answered)

    def encoder(self) -> Encoder:
        """The encoder, loaded once."""
        with self._lock:
            if self._encoder is None:
                if self._load is None:
                    raise RuntimeError("a flow asked an index without an encoder to encode")
                self._encoder = self._load()
            return self._encoder

    def rules(self, *, normalise: bool) -> Rules:
        """What records of this index are checked against."""
        definition = self.engine.definition
        encoder = UNKNOWN_ENCODER
        if definition.fingerprint is not None:
            encoder = Fingerprint.from_dict(definition.fingerprint).digest
        elif self.encodes:
            encoder = self.encoder().fingerprint.digest
        return Rules(definition.schema, self.encodes, normalise, encoder)

    def searches(self, requests: Sequence[SearchRequest]) -> list[SearchFlow]:
        """The flows that answer requests to this index."""
        schema = self.engine.definition.schema
        return [
            search(request, schema, encodes=self.encodes, foresight=self._foresight)
            for request in requests
        ]

    def close(self) -> None:
        """Close the query log, which takes seconds at most, the cache and the engine."""
        if self.log is not None:
            self.log.close()
        self._close_cache()
        self.engine.close()

    async def close_async(self) -> None:
        """The same with `await`."""
        if self.log is not None:
            await asyncio.to_thread(self.log.close)
        self._close_cache()
        await self.engine.close_async()

    def _encode(self, calls: Sequence[EncoderCall]) -> list[EncoderReply]:
        return answer(self.encoder(), calls, self._cache)

    def _close_cache(self) -> None:
        if self._cache is not None:
            self._cache.close()


def _divided(calls: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    for_encoder = [call for call in calls if isinstance(call, EncodeQuery | EncodeDocuments)]
    for_engine = [call for call in calls if not isinstance(call, EncodeQuery | EncodeDocuments)]
    return for_encoder, for_engine


def _merged(calls: Sequence[Any], encoded: Sequence[Any], answered: Sequence[Any]) -> list[Any]:
    """Both kinds of replies, in the order of the calls."""
    from_encoder, from_engine = iter(encoded), iter(answered)
    return [
        next(from_encoder if isinstance(call, EncodeQuery | EncodeDocuments) else from_engine)
        for call in calls
    ]
