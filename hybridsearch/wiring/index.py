"""HybridIndex: create or open an index, add documents, search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self, Unpack

from hybridsearch.encoding.load import DEFAULT_MODEL, load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import Count, Counted, Got, Refresh, Scanned
from hybridsearch.engines.pages import pages
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.indexing.checkpoint import Checkpoint
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.indexing.deletion import delete_documents
from hybridsearch.indexing.flow import index_documents
from hybridsearch.indexing.sync import MOST_DELETED
from hybridsearch.lockstep import run
from hybridsearch.model.document import Document
from hybridsearch.model.filters import Node
from hybridsearch.model.operation import Operation
from hybridsearch.model.request import SearchOptions, SearchRequest
from hybridsearch.model.response import IndexInfo, IndexReport, SearchResponse, SyncReport
from hybridsearch.model.schema import Schema
from hybridsearch.model.target import Target
from hybridsearch.searching.plan import resolve_where
from hybridsearch.wiring.adding import add
from hybridsearch.wiring.caching import CacheSetting, cache_for
from hybridsearch.wiring.opening import create, engine_at, open_index
from hybridsearch.wiring.performer import Performer
from hybridsearch.wiring.query_log.asked import Asked
from hybridsearch.wiring.query_log.log import QueryLog
from hybridsearch.wiring.query_log.setting import QueryLogSetting, query_log_for
from hybridsearch.wiring.requests import as_ids, as_request, as_requests, get_one, next_page
from hybridsearch.wiring.syncing import sync_flow
from hybridsearch.wiring.trails import trail_for


class HybridIndex:
    """Documents searched by BM25 and by dense vectors, blended by a fusion.

    Make one with `create` or `open`; close it, or use it in a `with` block, to let other
    processes write. Safe to use from several threads.
    """

    def __init__(self, performer: Performer, target: Target) -> None:
        self._performer = performer
        self.target = target

    @classmethod
    def create(
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
        """A new, empty index at `embedded:PATH`, `elasticsearch://HOST:9200/NAME` or
        `opensearch://HOST:9200/NAME` (`+https` after the engine for TLS).

        encoder: a model's name, a local folder, an object with the Encoder protocol, or None
        where every document brings its vectors. On a server, connection: credentials and the
        like (`hybridsearch.engines.cluster.connection.Connection`, also from the environment), or
        client: an object of the official client, with a target of ENGINE:NAME; settings: shards,
        replicas, vector_index and others (`hybridsearch.engines.cluster.index_settings`).
        cache: a folder that keeps what was encoded for other indexes and runs; True for one in
        the user's cache folder; without it, what HYBRIDSEARCH_CACHE says, or none.
        query_log: a file of JSON lines, or an index such as elasticsearch://HOST:9200/query-log,
        that gets a record of every search; without it, what HYBRIDSEARCH_QUERY_LOG says, or none.
        Raises IndexExistsError, SchemaError, ConfigurationError, EncoderError, EngineError.
        """
        place = Target.parse(target)
        options = EngineOptions(target, client, connection, settings)
        loaded = None if encoder is None or not schema.dense else load_encoder(encoder)
        return cls._made(place, options, create(schema, encoder, loaded), cache, query_log)

    @classmethod
    def open(
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
        """An index that exists; its encoder is loaded when a query or a document needs it.

        The arguments are those of `create`; settings: those that only searches look at. Raises
        IndexNotFoundError, EncoderMismatchError for an encoder other than its own, EngineError.
        """
        place = Target.parse(target)
        options = EngineOptions(target, client, connection, settings)
        loaded = None if encoder is None else load_encoder(encoder)
        return cls._made(place, options, open_index(place, loaded), cache, query_log)

    @classmethod
    def _made(
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
            load = run([flow], engine.perform)[0]
            return cls(Performer(engine, load, chosen, log), place)
        except BaseException:
            if log is not None:
                log.close()
            engine.close()
            raise

    @property
    def schema(self) -> Schema:
        """The fields of the index."""
        return self._performer.engine.definition.schema

    @property
    def query_log(self) -> QueryLog | None:
        """Where searches are recorded; it counts what was `written` and what was `dropped`."""
        return self._performer.log

    def add(
        self,
        documents: Iterable[Operation | dict[str, Any] | Any],
        *,
        normalise_vectors: bool = False,
        dead_letters: str | Path | None = None,
        checkpoint: str | Path | Checkpoint | None = None,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> IndexReport:
        """Add documents, replacing those with the same id; durable when it returns.

        documents: any iterable of Documents or plain dicts with `id` (or `_id`); it is read as
        it goes, and in its order. Updates of some fields and deletions may be among them (`Update`
        and `Delete`, or dicts with an `_op`), and any of them may have a version (`_version` in a
        dict): it is left out where the index has a newer one. What cannot be accepted is set aside
        in the dead-letter file, with the reason, and the rest are added. normalise_vectors: make
        given vectors unit length instead of refusing those that are not.

        checkpoint: a file, or a `hybridsearch.indexing.checkpoint.Checkpoint`, that says how far
        the run is: after it was ended by whatever, the same call, with the same documents again
        from their beginning, passes over what was done and goes on; at the end the file goes away.
        Where the documents raise an error, all that came before it is stored, and the error is
        raised with a note of how much that is. Raises CheckpointError for a checkpoint of another
        index or source, DataError, EncoderError and EngineError; what was durable then stays.
        """
        trail = trail_for(self.target, dead_letters, checkpoint, progress)
        rules = self._performer.rules(normalise=normalise_vectors)
        flow = index_documents(rules, trail)
        return add(flow, self._performer, documents, trail.dead_letters)

    def sync(
        self,
        documents: Iterable[Document | dict[str, Any] | Any],
        *,
        dry_run: bool = False,
        most_deleted: float = MOST_DELETED,
        normalise_vectors: bool = False,
        dead_letters: str | Path | None = None,
        progress: Callable[[IndexProgress], None] | None = None,
    ) -> SyncReport:
        """Make the index equal to a source of whole documents: add what is new, replace what has
        changed by its digest, delete what the source does not have; durable when it returns.

        dry_run: only tell what that would do. most_deleted: the share of the index that may be
        deleted; where it would be more, nothing is, and SyncStoppedError is raised once the rest
        is done. It can be ended at any moment and called again: what is done has not changed then.
        An index made before there were digests, or given other vectors than before, has changed.
        The other arguments and errors are those of `add`.
        """
        flow, letters = sync_flow(
            self._performer,
            self.target,
            dry_run=dry_run,
            most_deleted=most_deleted,
            normalise=normalise_vectors,
            dead_letters=dead_letters,
            progress=progress,
        )
        return add(flow, self._performer, documents, letters)

    def search(
        self, query: str | None = None, /, k: int = 10, **options: Unpack[SearchOptions]
    ) -> SearchResponse:
        """Search by text, by `vector=`, or by both; the best k hits, blended by `fusion=`.

        The options are those of `SearchRequest`. Raises QueryError, FilterError,
        ConfigurationError, EncoderError and EngineError.
        """
        return self.search_many([as_request(query, k=k, **options)])[0]

    def search_many(
        self,
        queries: Iterable[str | SearchRequest],
        k: int = 10,
        **options: Unpack[SearchOptions],
    ) -> list[SearchResponse]:
        """Search many queries at once: encoded together, retrieved together, in their order."""
        asked = Asked.now(as_requests(queries, k=k, **options), self.target, self.query_log)
        with asked.watched():
            responses = run(self._performer.searches(asked.requests), self._performer.perform)
        return asked.answered(responses)

    def warm_up(self) -> None:
        """Load the encoder now rather than with the first text that needs it."""
        if self._performer.encodes:
            self._performer.encoder()

    def get(self, id: str) -> Document | None:
        """The document with this id, as it was given, without its vectors; None if absent."""
        got: Got = self._perform(get_one(id))
        stored = got.documents.get(id)
        return None if stored is None else Document(stored.id, stored.fields)

    def scan(self, *, after: str | None = None, vectors: bool = False) -> Iterator[Document]:
        """All documents in the order of their ids, or those after one; read as it goes.

        after: an id, whether or not a document has it.
        vectors: whether with their vectors, float32 as they were written, and the places of their
        passages: `add` takes such documents as they are, without encoding, where the other index
        has the same encoder or none. Raises QueryError for other arguments, at once.
        """
        first = next_page(after, vectors=vectors)

        def ask(last: str | None) -> Sequence[Document]:
            page: Scanned = self._perform(replace(first, after=last))
            return page.documents

        return pages(ask, first.after)

    def delete(self, ids: str | Iterable[str]) -> int:
        """Remove documents by id, durably; returns how many were there."""
        return run([delete_documents(as_ids(ids))], self._performer.perform)[0]

    def count(self, where: str | Node | None = None) -> int:
        """How many documents there are, or how many a filter lets through."""
        counted: Counted = self._perform(Count(resolve_where(where, self.schema)))
        return counted.documents

    def info(self) -> IndexInfo:
        """What the index holds and how it was made."""
        definition = self._performer.engine.definition
        counted: Counted = self._perform(Count())
        return IndexInfo(
            target=str(self.target),
            kept_by=self._performer.engine.kept_by,
            schema=definition.schema,
            encoder=definition.encoder,
            documents=counted.documents,
            passages=counted.passages,
            bytes=counted.bytes,
        )

    def refresh(self) -> None:
        """Make what other writers have committed visible to searches."""
        self._perform(Refresh())

    def close(self) -> None:
        """Release files and locks; the index cannot be used afterwards."""
        self._performer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _perform(self, call: Any) -> Any:
        return self._performer.perform([call])[0]
