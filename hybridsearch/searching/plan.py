"""The plan: what a request means for this schema, decided before anything is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from hybridsearch.encoding.given import accept_query
from hybridsearch.engines.calls import DenseQuery, LexicalQuery, RetrieverQuery
from hybridsearch.errors import QueryError, UnknownNameError
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.settings import parse_fusion
from hybridsearch.fusion.table import Column
from hybridsearch.model.filters import Node, Resolved, parse, resolve
from hybridsearch.model.request import SearchRequest
from hybridsearch.model.schema import Schema


@dataclass(frozen=True, eq=False)
class Plan:
    """What will be asked of whom.

    lexical: fields and weights by retriever; dense: vector field by retriever; in the order of
    `columns`. encode: the text that needs a vector first; vector: the one that was given.
    fields: of the documents to fetch, with those that passages are cut from; None for all.
    ids_alone: nothing of the documents is wanted.
    """

    columns: tuple[Column, ...]
    lexical: Mapping[str, Mapping[str, float]]
    dense: Mapping[str, str]
    text: str | None
    encode: str | None
    vector: NDArray[np.float32] | None
    where: Resolved | None
    fusion: Fusion
    fields: tuple[str, ...] | None
    ids_alone: bool
    warnings: tuple[str, ...] = ()

    def queries(self, vector: NDArray[np.float32] | None) -> tuple[RetrieverQuery, ...]:
        """The retrievers' queries, in the order of the columns."""
        made: list[RetrieverQuery] = []
        for column in self.columns:
            if column.name in self.lexical:
                made.append(LexicalQuery(column.name, self.text or "", self.lexical[column.name]))
            else:
                if vector is None:
                    raise QueryError(f"the retriever {column.name!r} needs a vector")
                made.append(DenseQuery(column.name, self.dense[column.name], vector))
        return tuple(made)


def plan_search(request: SearchRequest, schema: Schema, *, encodes: bool) -> Plan:
    """Check a request against a schema; raises QueryError, FilterError or ConfigurationError.

    encodes: whether there is an encoder for the query's text.
    """
    request.check()
    lexical, dense = retrievers(schema)
    known = (*lexical, *dense)
    asked = request.retrievers if request.retrievers is not None else known
    for name in asked:
        if name not in known:
            raise UnknownNameError("retriever", name, known)
    if len(set(asked)) != len(asked) or not asked:
        raise QueryError("retrievers must name at least one retriever, each once")
    warnings = []
    usable = []
    for name in asked:
        if name in lexical and request.text is None:
            if request.retrievers is not None:
                raise QueryError(f"the retriever {name!r} needs a query text")
        elif name in dense and request.vector is None and not encodes:
            if request.retrievers is not None:
                raise QueryError(f"the retriever {name!r} needs a vector: the index has no encoder")
            warnings.append(f"the index has no encoder and no vector was given: {name} left out")
        else:
            usable.append(name)
    if not usable:
        raise QueryError(
            "nothing can be asked: the index has no encoder and no text field, so a search "
            "needs a vector"
        )
    fields = {name: dense[name] for name in usable if name in dense}
    vector = _given_vector(request, schema, fields)
    return Plan(
        columns=tuple(
            Column.lexical(name) if name in lexical else Column.dense(name) for name in usable
        ),
        lexical={name: lexical[name] for name in usable if name in lexical},
        dense=fields,
        text=request.text,
        encode=request.text if fields and vector is None else None,
        vector=vector,
        where=resolve_where(request.where, schema),
        fusion=parse_fusion(request.fusion),
        fields=_fetched_fields(request, schema),
        ids_alone=request.fields == () and request.passages == 0,
        warnings=tuple(warnings),
    )


def retrievers(schema: Schema) -> tuple[dict[str, dict[str, float]], dict[str, str]]:
    """The retrievers a schema gives: `lexical` over all text fields; `dense` over the vector
    field, or one named after each where there are several."""
    lexical = (
        {"lexical": {name: field.weight for name, field in schema.text.items()}}
        if schema.text
        else {}
    )
    if len(schema.dense) == 1:
        return lexical, {"dense": next(iter(schema.dense))}
    return lexical, {name: name for name in schema.dense}


def _fetched_fields(request: SearchRequest, schema: Schema) -> tuple[str, ...] | None:
    if request.fields is None:
        return None
    embedded = [name for field in schema.dense.values() for name in field.embeds]
    return tuple(dict.fromkeys((*request.fields, *(embedded if request.passages else ()))))


def _given_vector(
    request: SearchRequest, schema: Schema, fields: Mapping[str, str]
) -> NDArray[np.float32] | None:
    if request.vector is None or not fields:
        return None
    dims = {schema.dense[field].dims or 0 for field in fields.values()}
    if len(dims) > 1:
        raise QueryError("vector= needs one vector field: name its retriever with retrievers=")
    return accept_query(request.vector, dims=dims.pop())


def resolve_where(where: str | Node | None, schema: Schema) -> Resolved | None:
    """A filter, checked against the schema; raises FilterError."""
    if where is None:
        return None
    text = where if isinstance(where, str) else None
    node = _parsed(where) if isinstance(where, str) else where
    return resolve(node, schema.field_types, text_fields=frozenset(schema.text), text=text)


@lru_cache(maxsize=256)
def _parsed(where: str) -> Node:
    return parse(where)
