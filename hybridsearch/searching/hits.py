"""Hits: the best of a fused score table, with their documents, passages and ledgers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from hybridsearch.engines.calls import PassageMatch, StoredDocument
from hybridsearch.fusion.table import Fused, ScoreTable
from hybridsearch.model.embedded_text import spans_of
from hybridsearch.model.response import Hit, LedgerEntry, Passage
from hybridsearch.model.schema import Schema


def hit(
    id: str,
    score: float,
    document: StoredDocument,
    schema: Schema,
    fields: Sequence[str] | None,
    ledger: Mapping[str, LedgerEntry],
) -> Hit:
    """One hit of the answer, with only the asked-for fields."""
    shown = document.fields
    if fields is not None:
        shown = {name: shown[name] for name in fields if name in shown}
    passages = tuple(_passage(match, document, schema) for match in document.passages)
    return Hit(id, score, shown, passages, ledger)


def ledger_of(
    row: int, table: ScoreTable, fused: Fused, asked: NDArray[np.bool_]
) -> dict[str, LedgerEntry]:
    """A row of the score table, by retriever; asked: bool[n, r], the completed cells."""
    return {
        column.name: LedgerEntry(
            score=_number(table.scores[row, position]),
            rank=int(table.ranks[row, position]) or None,
            normalised=_number(fused.normalised[row, position]),
            weight=float(fused.weights[position]),
            contribution=_number(fused.contributions[row, position]),
            completed=bool(asked[row, position]),
        )
        for position, column in enumerate(table.columns)
    }


def _passage(match: PassageMatch, document: StoredDocument, schema: Schema) -> Passage:
    if match.start < 0:
        return Passage(match.field, match.score, "", ())
    text, spans = spans_of(
        document.fields, schema.dense[match.field].embeds, match.start, match.end
    )
    return Passage(match.field, match.score, text, spans)


def _number(value: float) -> float | None:
    return None if math.isnan(value) else float(value)
