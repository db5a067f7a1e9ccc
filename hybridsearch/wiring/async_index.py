"""AsyncHybridIndex: the same index for callers with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from hybridsearch.encoding.load import DEFAULT_MODEL, load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import Count, Counted, Got, Refresh, Scan, Scanned
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.indexing.checkpoint import Checkpoint
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.indexing.deletion import delete_documents
from hybridsearch.indexing.flow import index_documents
from hybridsearch.indexing.sync import MOST_DELETED
from hybridsearch.lockstep import run_async
from hybridsearch.model.document import Document
from hybridsearch.model.filters import Node
from hybridsearch.model.request import SearchOptions, SearchRequest
from hybridsearch.model.response import IndexInfo, IndexReport, SearchResponse, SyncReport
from hybridsearch.model.schema import Schema
from hybridsearch.model.target import Target
from hybridsearch.searching.plan import resolve_where
from hybridsearch.wiring.adding import add_async
from hybridsearch.wiring.caching import CacheSetting, cache_for
from hybridsearch.wiring.opening import create, engine_at, open_index
from hybridsearch.wiring.performer import Performer
from hybridsearch.wiring.query_log.asked import Asked
from hybridsearch.wiring.query_log.log import QueryLog
from hybridsearch.wiring.query_log.setting import QueryLogSetting, query_log_for
from hybridsearch.wiring.requests import as_ids, as_request, as_requests, get_one, next_page
from hybridsearch.wiring.syncing import sync_flow
from hybridsearch.wiring.trails import trail_for


class AsyncHybridIndex:
    """HybridIndex with `await`: the methods, arguments and errors are the same.

    Use it in an `async with` block, or `await index.close()`.
    """

    def __init__(self, performer: Performer, target: Target) -> None:
        self._performer = performer
        self.target = target

    @classmethod
    async def create(
        cls,
        target: str,
        *,
        schema: Schema,
        encoder: str | Encoder | None = DEFAULT_MODEL,
        client: Any = None,
        connection: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        cache: CacheSetting = None,
        query_log: QueryLogSetting = None,
    ) -> Self:
        """A new, empty index; see HybridIndex.create."""
        place = Target.parse(target)
        options = EngineOptions(target, client, connection, settings, asynchronous=True)
        loaded = None
        if encoder is not None and schema.dense:
            loaded = await asyncio.to_thread(load_encoder, encoder)
        return await cls._made(place, options, create(schema, encoder, loaded), cache, query_log)

    @classmethod
    async def open(
        cls,
        target: str,
        *,
        encoder: str | Encoder | None = None,
        client: Any = None,
        connection: Mapping[str, Any] | None = None,
        settings: Mapping[str, Any] | None = None,
        cache: CacheSetting = None,
        query_log: QueryLogSetting = None,
    ) -> Self:
        """An index that exists; see HybridIndex.open."""
        place = Target.parse(target)
        options = EngineOptions(target, client, connection, settings, asynchronous=True)
        loaded = None if encoder is None else await asyncio.to_thread(load_encoder, encoder)
        return await cls._made(place, options, open_index(place, loaded), cache, query_log)

    @classmethod
    async def _made(
        cls,
        place: Target,
        options: EngineOptions,
        flow: Any,
        cache: CacheSetting,
        query_log: QueryLogSetting,
    ) -> Self:
        chosen = cache_for(cache)
        log = query_log_for(query_log, place, options.connection)
        engine = engine_at(place, options)
        try:
            load = (await run_async([flow], engine.perform_async))[0]
            return cls(Performer(engine, load, chosen, log), place)
        except BaseException:
            if log is not None:
                log.close()
            await engine.close_async()
            raise

    @property
    def schema(self) -> Schema:
        """The fields of the index."""
        return self._performer.engine.definition.schema

    @property
    def query_log(self) -> QueryLog | None:
        """Where searches are recorded; it counts what was `written` and what was `dropped`."""
        return self._performer.log

    async def add(
        self,
        documents: Iterable[Any] | AsyncIterable[Any],
        *,
        normalise_vectors: bool = False,
        dead_letters: str | Path | None = None,
        checkpoint: str | Path | Checkpoint | None = None,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> IndexReport:
        """Add documents from an iterable or an asynchronous one; see HybridIndex.add."""
        trail = trail_for(self.target, dead_letters, checkpoint, progress)
        rules = self._performer.rules(normalise=normalise_vectors)
        flow = index_documents(rules, trail)
        return await add_async(flow, self._performer, documents, trail.dead_letters)

    async def sync(
        self,
        documents: Iterable[Any] | AsyncIterable[Any],
        *,
        dry_run: bool = False,
        most_deleted: float = MOST_DELETED,
        normalise_vectors: bool = False,
        dead_letters: str | Path | None = None,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> SyncReport:
        """Make the index equal to a source, or tell what that would do; see HybridIndex.sync."""
        flow, letters = sync_flow(
            self._performer,
            self.target,
            dry_run=dry_run,
            most_deleted=most_deleted,
            normalise=normalise_vectors,
            dead_letters=dead_letters,
            progress=progress,
        )
        return await add_async(flow, self._performer, documents, letters)

    async def search(
        self, query: str | None = None, /, k: int = 10, **options: Unpack[SearchOptions]
    ) -> SearchResponse:
        """Search by text, by `vector=`, or by both; see HybridIndex.search."""
        return (await self.search_many([as_request(query, k=k, **options)]))[0]

    async def search_many(
        self,
        queries: Iterable[str | SearchRequest],
        k: int = 10,
        **options: Unpack[SearchOptions],
    ) -> list[SearchResponse]:
        """Search many queries at once; see HybridIndex.search_many."""
        asked = Asked.now(as_requests(queries, k=k, **options), self.target, self.query_log)
        with asked.watched():
            flows = self._performer.searches(asked.requests)
            responses = await run_async(flows, self._performer.perform_async)
        return asked.answered(responses)

    async def warm_up(self) -> None:
        """Load the encoder now rather than with the first text that needs it."""
        if self._performer.encodes:
            await asyncio.to_thread(self._performer.encoder)

    async def get(self, id: str) -> Document | None:
        """The document with this id; see HybridIndex.get."""
        got: Got = await self._perform(get_one(id))
        stored = got.documents.get(id)
        return None if stored is None else Document(stored.id, stored.fields)

    def scan(self, *, after: str | None = None, vectors: bool = False) -> AsyncIterator[Document]:
        """All documents in the order of their ids; see HybridIndex.scan."""
        return self._pages(next_page(after, vectors=vectors))

    async def _pages(self, call: Scan) -> AsyncIterator[Document]:
        while True:
            page: Scanned = await self._perform(call)
            if not page.documents:
                return
            for document in page.documents:
                yield document
            call = replace(call, after=page.documents[-1].id)

    async def delete(self, ids: str | Iterable[str]) -> int:
        """Remove documents by id; see HybridIndex.delete."""
        flow = delete_documents(as_ids(ids))
        return (await run_async([flow], self._performer.perform_async))[0]

    async def count(self, where: str | Node | None = None) -> int:
        """How many documents there are; see HybridIndex.count."""
        counted: Counted = await self._perform(Count(resolve_where(where, self.schema)))
        return counted.documents

    async def info(self) -> IndexInfo:
        """What the index holds and how it was made."""
        definition = self._performer.engine.definition
        counted: Counted = await self._perform(Count())
        return IndexInfo(
            target=str(self.target),
            kept_by=self._performer.engine.kept_by,
            schema=definition.schema,
            encoder=definition.encoder,
            documents=counted.documents,
            passages=counted.passages,
            bytes=counted.bytes,
        )

    async def refresh(self) -> None:
        """Make what other writers have committed visible to searches."""
        await self._perform(Refresh())

    async def close(self) -> None:
        """Release files and locks; the index cannot be used afterwards."""
        await self._performer.close_async()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _perform(self, call: Any) -> Any:
        return (await self._performer.perform_async([call]))[0]
