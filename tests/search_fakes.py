"""An engine whose every score is known, and collections for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hidden_scores import HiddenScores

from hybridsearch.encoding.calls import EncodedQuery, EncodeQuery
from hybridsearch.engines.calls import (
    Complete,
    Completed,
    DenseQuery,
    PassageMatch,
    Retrieve,
    Retrieved,
    StoredDocument,
)
from hybridsearch.fusion.table import Column
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.response import SearchResponse
from hybridsearch.model.schema import Schema
from hybridsearch.searching.flow import search
from hybridsearch.searching.foresight import Foresight

COLUMNS = (Column.lexical(), Column.dense())
SCHEMA = Schema(
    text=["title", "body"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title", "body"], "dims": 2}},
)
BY_COLUMNS = {
    ("lexical", "dense"): SCHEMA,
    ("lexical",): Schema(text=["title"], dense={}),
    ("dense",): Schema(dense={"dense": {"embeds": [], "dims": 2}}),
    ("lexical", "title_vector", "body_vector"): Schema(
        text=["title", "body"],
        dense={
            "title_vector": {"embeds": ["title"], "dims": 2},
            "body_vector": {"embeds": ["body"], "dims": 2},
        },
    ),
}
COLLECTIONS = [
    tuple(Column.lexical() if name == "lexical" else Column.dense(name) for name in names)
    for names in BY_COLUMNS
]


@dataclass
class FakeEngine:
    """Answers calls from the hidden scores; `gone` are deleted after retrieval, `brings` come
    along with the candidates. lists_gone: what was deleted goes on being listed as a candidate.
    """

    hidden: HiddenScores
    gone: frozenset[str] = frozenset()
    brings: frozenset[str] = frozenset()
    lists_gone: bool = False
    overflow: int = 0
    calls: list[Any] = field(default_factory=list)
    foresight: Foresight = field(default_factory=Foresight)

    def answer(self, call: Any) -> Any:
        self.calls.append(call)
        if isinstance(call, EncodeQuery):
            return EncodedQuery(np.array([1, 0], dtype=np.float32), self.overflow)
        if isinstance(call, Retrieve):
            again = len(self.trips(Retrieve)) > 1 and not self.lists_gone
            lists = self.hidden.without(self.gone if again else ()).lists(call.window)
            names = [column.name for column in self.hidden.columns]
            given = tuple(lists[names.index(query.name)] for query in call.queries)
            brought = self.brings if call.ahead is not None else ()
            return Retrieved(given, {id: self._document(id, call.ahead) for id in brought})
        assert isinstance(call, Complete)
        names = [column.name for column in self.hidden.columns]
        scores = tuple(
            np.array(
                [
                    np.nan if id in self.gone else self.hidden.score(names.index(query.name), id)
                    for id in ids
                ]
            )
            for query, ids in zip(call.queries, call.missing, strict=True)
        )
        kept = [id for id in call.fetch if id not in self.gone]
        return Completed(scores, {id: self._document(id, call) for id in kept})

    def _document(self, id: str, call: Any) -> StoredDocument:
        fields: dict[str, Any] = {"title": f"Title {id}", "body": f"body of {id}", "year": 1999}
        if call.fields is not None:
            fields = {name: fields[name] for name in call.fields if name in fields}
        passages = tuple(
            PassageMatch(query.field, 0, 5, 0.5)
            for query in getattr(call, "queries", ())
            if isinstance(query, DenseQuery)
        )
        return StoredDocument(id, fields, passages[: call.passages])

    def search(self, request: SearchRequest, schema: Schema = SCHEMA) -> SearchResponse:
        flow = search(request, schema, encodes=True, foresight=self.foresight)
        reply: Any = None
        while True:
            try:
                call = flow.send(reply)
            except StopIteration as end:
                response: SearchResponse = end.value
                return response
            reply = self.answer(call)

    def trips(self, kind: type) -> list[Any]:
        return [call for call in self.calls if isinstance(call, kind)]


def engine(scores: list[tuple[float, float]], **options: Any) -> FakeEngine:
    ids = tuple(f"d{number:02}" for number in range(len(scores)))
    return FakeEngine(HiddenScores(ids, COLUMNS, np.array(scores, dtype=np.float64)), **options)


NAN = np.nan
FIVE = [(5.0, 0.1), (4.0, 0.9), (NAN, 0.8), (1.0, NAN), (0.5, -0.5)]
FEW_OPEN = [(5.0, 0.1), (4.0, 0.2), (1.0, 0.9), (2.0, 0.8)]
