"""A snapshot: one committed state of the index, and every question that can be asked of it."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray

from hybridsearch.engines.calls import (
    Candidates,
    DenseQuery,
    LexicalQuery,
    PassageMatch,
    PassageVectors,
    RetrieverQuery,
    StoredDocument,
)
from hybridsearch.engines.embedded.files import DocumentMap
from hybridsearch.engines.embedded.refusals import reading, torn
from hybridsearch.engines.embedded.restriction import restriction
from hybridsearch.engines.embedded.rows import RowMap
from hybridsearch.engines.embedded.scan import LiveRows, best_documents, exact_scores
from hybridsearch.engines.embedded.text_index import (
    ID,
    TextIndex,
    matching,
    ordinals_of,
    ranked,
    within,
)
from hybridsearch.engines.reading_calls import Whole
from hybridsearch.model.digests import UNTOLD, Digests
from hybridsearch.model.document import Document
from hybridsearch.model.filters import Resolved
from hybridsearch.model.schema import Schema

_FILTERS_KEPT = 64
Int64 = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Immutable and safe to share between threads; a later commit makes another snapshot."""

    text: TextIndex
    searcher: tantivy.Searcher
    documents: DocumentMap
    live: Int64
    fields: Mapping[str, LiveRows]
    positions: Mapping[str, int]
    _kept: OrderedDict[Resolved, NDArray[np.bool_]] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def open(cls, folder: Path, schema: Schema, text: TextIndex) -> Snapshot:
        """The state of tantivy's last commit. The files are mapped after it and so hold it all."""
        searcher = text.index.searcher()
        with reading(text.folder):
            live = np.sort(matching(searcher, tantivy.Query.all_query()))
        documents = DocumentMap(folder, len(schema.dense))
        if len(live) and not documents.holds(int(live[-1])):
            raise torn(folder)
        rows = documents.records["rows"][live]
        starts, counts = rows["start"].astype(np.int64), rows["count"].astype(np.int64)
        fields = {}
        for position, (name, dense) in enumerate(schema.dense.items()):
            vectors = RowMap.open(folder, position, dense.dims or 1)
            first, count = starts[:, position], counts[:, position]
            if (first + count).max(initial=0) > len(vectors.rows):
                raise torn(folder)
            fields[name] = LiveRows.of(vectors, live, first, count)
        positions = {name: position for position, name in enumerate(schema.dense)}
        return cls(text, searcher, documents, live, fields, positions)

    def retrieve(self, query: RetrieverQuery, window: int, where: Resolved | None) -> Candidates:
        """The best `window` documents of one retriever among those the filter lets through."""
        if isinstance(query, LexicalQuery):
            asked = self.text.lexical(query)
            if asked is None:
                return Candidates((), np.empty(0))
            if where is not None:
                asked = within(asked, restriction(self.text, self.searcher, where))
            with reading(self.text.folder):
                found = ranked(self.searcher, asked, window)
            return self._best(*found, window)
        keep = None if where is None else self.kept(where)
        ordinals, scores = best_documents(self.fields[query.field], query.vector, window, keep)
        return self._best(ordinals, scores.astype(np.float64), window)

    def scores(self, query: RetrieverQuery, ids: Sequence[str]) -> NDArray[np.float64]:
        """Exact scores of documents, NaN where the retriever has none; float64[len(ids)]."""
        if isinstance(query, DenseQuery):
            return self._best_similarities(query, ids)
        asked = self.text.lexical(query) if len(ids) else None
        if asked is None:
            return np.full(len(ids), np.nan)
        with reading(self.text.folder):
            found, raw = ranked(self.searcher, within(asked, self._with_ids(ids)), len(ids))
        by_id = dict(zip(self.documents.ids(found), raw.tolist(), strict=True))
        return np.array([by_id.get(id, np.nan) for id in ids], dtype=np.float64)

    def fetch(
        self,
        ids: Sequence[str],
        fields: Sequence[str] | None = None,
        queries: Sequence[RetrieverQuery] = (),
        passages: int = 0,
    ) -> dict[str, StoredDocument]:
        """The stored documents among the ids, with their best passages for each dense query."""
        found = {}
        for id, ordinal in self.ordinals(ids).items():
            source: dict[str, Any] = orjson.loads(self.documents.source(ordinal))
            if fields is not None:
                source = {name: source[name] for name in fields if name in source}
            best: list[PassageMatch] = []
            for query in queries:
                if isinstance(query, DenseQuery) and passages:
                    best.extend(self._passages(query, ordinal, passages))
            found[id] = StoredDocument(id, source, tuple(best))
        return found

    def ordinals(self, ids: Sequence[str]) -> dict[str, int]:
        """The ordinals of those ids that are in the index."""
        if not len(ids) or not len(self.live):
            return {}
        with reading(self.text.folder):
            hits = self.searcher.search(self._with_ids(ids), len(ids), count=False).hits
            found = ordinals_of(self.searcher, hits)
        return dict(zip(self.documents.ids(found), found.tolist(), strict=True))

    def digests(self, ids: Sequence[str]) -> dict[str, Digests]:
        """The digests of those ids that are in the index."""
        return {id: self._digests(ordinal) for id, ordinal in self.ordinals(ids).items()}

    def vectors(
        self, ids: Sequence[str], fields: Sequence[str]
    ) -> dict[str, dict[str, PassageVectors]]:
        """Their passages of these vector fields."""
        return {
            id: {name: self.passages(name, ordinal) for name in fields}
            for id, ordinal in self.ordinals(ids).items()
        }

    def whole(self, ids: Sequence[str]) -> dict[str, Whole]:
        """All that is kept of them; a document that is written anew gets another ordinal."""
        found = {}
        for id, ordinal in self.ordinals(ids).items():
            found[id] = Whole(self._document(ordinal, vectors=True), ordinal)
        return found

    def scan(self, after: str | None, limit: int, vectors: bool) -> list[Document]:
        """The next documents in the order of their ids."""
        found = self._next(after, limit).tolist()
        return [self._document(ordinal, vectors=vectors) for ordinal in found]

    def list_ids(self, after: str | None, limit: int) -> list[str]:
        """The next ids in their order."""
        return self.documents.ids(self._next(after, limit))

    def passages(self, field: str, ordinal: int) -> PassageVectors:
        """A document's passages of one vector field."""
        rows = self._rows(field, ordinal)
        places = self.fields[field].map.rows[rows]
        digests = self._digests(ordinal)
        return PassageVectors(
            np.stack([places["start"], places["end"]], axis=1),
            self.fields[field].map.floats[rows],
            UNTOLD if digests.document is None else digests.text.get(field),
        )

    def kept(self, where: Resolved) -> NDArray[np.bool_]:
        """bool[ordinals]: the documents a filter lets through; the last few are remembered."""
        with self._lock:
            if where in self._kept:
                self._kept.move_to_end(where)
                return self._kept[where]
        keep = np.zeros(len(self.documents.records), dtype=np.bool_)
        asked = restriction(self.text, self.searcher, where)
        with reading(self.text.folder):
            keep[matching(self.searcher, asked)] = True
        with self._lock:
            self._kept[where] = keep
            while len(self._kept) > _FILTERS_KEPT:
                self._kept.popitem(last=False)
        return keep

    def count(self, where: Resolved | None) -> tuple[int, dict[str, int]]:
        """Documents, and passages by vector field, among those the filter lets through."""
        live = self.live if where is None else self.live[self.kept(where)[self.live]]
        rows = self.documents.records["rows"][live]
        passages = {
            name: int(rows["count"][:, position].sum()) for name, position in self.positions.items()
        }
        return len(live), passages

    @cached_property
    def _in_order(self) -> Int64:
        """The live documents in the order of their ids."""
        ids = self.documents.ids(self.live)
        order: list[int] = sorted(range(len(ids)), key=ids.__getitem__)
        return self.live[np.array(order, dtype=np.int64)]

    def _next(self, after: str | None, limit: int) -> Int64:
        begin = 0
        if after is not None:
            begin = bisect_right(self._in_order, after, key=self.documents.id)
        return self._in_order[begin : begin + limit]

    def _best(self, ordinals: Int64, scores: NDArray[np.float64], window: int) -> Candidates:
        if len(ordinals) > window:
            threshold = np.partition(scores, len(scores) - window)[len(scores) - window]
            chosen = scores >= threshold
            ordinals, scores = ordinals[chosen], scores[chosen]
        ids = self.documents.ids(ordinals)
        negative = (-scores).tolist()
        order = sorted(range(len(ids)), key=lambda at: (negative[at], ids[at]))[:window]
        return Candidates([ids[at] for at in order], scores[order])

    def _best_similarities(self, query: DenseQuery, ids: Sequence[str]) -> NDArray[np.float64]:
        known = self.ordinals(ids)
        scores = np.full(len(ids), np.nan)
        places = np.array([at for at, id in enumerate(ids) if id in known], dtype=np.int64)
        ordinals = np.array([known[ids[at]] for at in places.tolist()], dtype=np.int64)
        runs = self.documents.records["rows"][ordinals, self.positions[query.field]]
        counts = runs["count"].astype(np.int64)
        places, runs, counts = places[counts > 0], runs[counts > 0], counts[counts > 0]
        if len(places):
            ends = np.cumsum(counts)
            within = np.arange(ends[-1]) - np.repeat(ends - counts, counts)
            rows = np.repeat(runs["start"].astype(np.int64), counts) + within
            exact = exact_scores(self.fields[query.field].map, rows, query.vector)
            scores[places] = np.maximum.reduceat(exact, ends - counts)
        return scores

    def _document(self, ordinal: int, *, vectors: bool) -> Document:
        return Document(
            self.documents.id(ordinal),
            orjson.loads(self.documents.source(ordinal)),
            {name: self.passages(name, ordinal) for name in self.fields} if vectors else {},
            self.documents.version(ordinal),
        )

    def _digests(self, ordinal: int) -> Digests:
        document, *found = self.documents.digests(ordinal)
        named = zip(self.positions, found, strict=True)
        texts = {name: digest for name, digest in named if digest is not None}
        return Digests(document, texts, self.documents.version(ordinal))

    def _rows(self, field: str, ordinal: int) -> Int64:
        rows = self.documents.records[ordinal]["rows"][self.positions[field]]
        return np.arange(int(rows["start"]), int(rows["start"]) + int(rows["count"]))

    def _similarities(self, query: DenseQuery, ordinal: int) -> NDArray[np.float32]:
        return exact_scores(
            self.fields[query.field].map, self._rows(query.field, ordinal), query.vector
        )

    def _passages(self, query: DenseQuery, ordinal: int, most: int) -> list[PassageMatch]:
        similarities = self._similarities(query, ordinal)
        rows = self.fields[query.field].map.rows[self._rows(query.field, ordinal)]
        return [
            PassageMatch(
                query.field,
                int(rows["start"][at]),
                int(rows["end"][at]),
                float(similarities[at]),
            )
            for at in np.argsort(-similarities, kind="stable")[:most]
        ]

    def _with_ids(self, ids: Sequence[str]) -> tantivy.Query:
        return tantivy.Query.term_set_query(self.text.index.schema, ID, list(ids))
