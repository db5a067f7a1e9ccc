"""The tantivy index: its fields, its documents, and lexical queries over it.

Text is analysed here, in Python, and indexed as space-separated terms, so that indexing and
querying share one analyzer and the terms are Lucene's. tantivy's names for fields are positions
in the schema, which frees the user's names from its rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tantivy
from numpy.typing import NDArray

from hybridsearch.engines.calls import LexicalQuery, WriteDocument
from hybridsearch.engines.embedded.analysis import analyzer
from hybridsearch.engines.embedded.refusals import reading
from hybridsearch.model.field_values import metadata_of, texts_of
from hybridsearch.model.schema import FieldType, Schema

ID = "id"
ORDINAL = "ordinal"
_TERMS = "terms"
# tantivy computes Lucene's BM25 times (k1 + 1), with the same k1 = 1.2 and b = 0.75.
_TANTIVY_FACTOR = 2.2


@dataclass(frozen=True, eq=False)
class TextIndex:
    """The tantivy index of a schema, open for reading; `writer` opens it for writing."""

    folder: Path
    index: tantivy.Index
    schema: Schema
    names: Mapping[str, str]
    types: Mapping[str, FieldType]
    analyzers: Mapping[str, Callable[[str], list[str]]]

    @classmethod
    def create(cls, folder: Path, schema: Schema) -> None:
        """Make an empty index in an empty folder."""
        tantivy.Index(_tantivy_schema(schema), str(folder))

    @classmethod
    def open(cls, folder: Path, schema: Schema) -> TextIndex:
        """Open it; raises StorageError where tantivy cannot."""
        with reading(folder):
            index = tantivy.Index.open(str(folder))
            # tantivy keeps no tokenizers: they are registered on every open.
            index.register_tokenizer(
                _TERMS, tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
            )
            index.config_reader("manual")
            index.reload()
        return cls(
            folder,
            index,
            schema,
            _names(schema),
            schema.field_types,
            {name: analyzer(field.analyzer) for name, field in schema.text.items()},
        )

    def reload(self) -> None:
        """Let later searchers see the last commit; raises StorageError where it cannot be read."""
        with reading(self.folder):
            self.index.reload()

    def document(self, document: WriteDocument, ordinal: int) -> tantivy.Document:
        """The tantivy document of a document."""
        made = tantivy.Document()
        made.add_text(ID, document.id)
        made.add_unsigned(ORDINAL, ordinal)
        for name, text in texts_of(document.fields, self.schema).items():
            made.add_text(self.names[name], " ".join(self.analyzers[name](text)))
        for name, values in metadata_of(document.fields, self.schema).items():
            field = self.names[name]
            add = _adder(made, self.types[name])
            for value in values:
                add(field, value)
        return made

    def lexical(self, query: LexicalQuery) -> tantivy.Query | None:
        """The tantivy query of a lexical query; None where no term is left to look for."""
        schema = self.index.schema
        clauses = []
        for name, weight in query.fields.items():
            field = self.names[name]
            counts: dict[str, int] = {}
            for term in self.analyzers[name](query.text):
                counts[term] = counts.get(term, 0) + 1
            for term, count in counts.items():
                clause = tantivy.Query.term_query(schema, field, term, "freq")
                if weight * count != 1:
                    clause = tantivy.Query.boost_query(clause, weight * count)
                clauses.append((tantivy.Occur.Should, clause))
        return tantivy.Query.boolean_query(clauses) if clauses else None


def within(query: tantivy.Query, restriction: tantivy.Query | None) -> tantivy.Query:
    """The query among the documents of a restriction, which adds nothing to the scores."""
    if restriction is None:
        return query
    return tantivy.Query.boolean_query(
        [
            (tantivy.Occur.Must, query),
            (tantivy.Occur.Must, tantivy.Query.const_score_query(restriction, 0.0)),
        ]
    )


def ranked(
    searcher: tantivy.Searcher, query: tantivy.Query, window: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The best `window` documents and all that tie with the last: ordinals and BM25 scores."""
    limit = min(window + 16, max(searcher.num_docs, 1))
    while True:
        hits = searcher.search(query, limit, count=False).hits
        if len(hits) < limit or limit <= window or hits[window - 1][0] != hits[limit - 1][0]:
            break
        if limit >= searcher.num_docs:
            break
        limit = min(limit * 8, searcher.num_docs)
    return ordinals_of(searcher, hits), (
        np.array([score for score, _ in hits], dtype=np.float64) / _TANTIVY_FACTOR
    )


def matching(searcher: tantivy.Searcher, query: tantivy.Query) -> NDArray[np.int64]:
    """The ordinals of all documents a query matches, in no order."""
    if searcher.num_docs == 0:
        return np.empty(0, dtype=np.int64)
    hits = searcher.search(query, searcher.num_docs, count=False, order_by_field=ORDINAL).hits
    return np.array([ordinal for ordinal, _ in hits], dtype=np.int64)


def ordinals_of(
    searcher: tantivy.Searcher, hits: list[tuple[float, tantivy.DocAddress]]
) -> NDArray[np.int64]:
    """The ordinals of hits, in their order."""
    addresses = [address for _, address in hits]
    return np.array(searcher.fast_field_values(ORDINAL, addresses), dtype=np.int64)


def _names(schema: Schema) -> dict[str, str]:
    text = {name: f"t{position}" for position, name in enumerate(schema.text)}
    metadata = {name: f"m{position}" for position, name in enumerate(schema.metadata)}
    return {**text, **metadata, ID: ID}


def _tantivy_schema(schema: Schema) -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field(ID, tokenizer_name="raw", index_option="basic")
    builder.add_unsigned_field(ORDINAL, indexed=True, fast=True)
    names = _names(schema)
    for name in schema.text:
        builder.add_text_field(names[name], tokenizer_name=_TERMS, index_option="position")
    for name, field in schema.metadata.items():
        if field.type == "keyword":
            builder.add_text_field(
                names[name], tokenizer_name="raw", index_option="basic", fast=True
            )
        elif field.type == "float":
            builder.add_float_field(names[name], indexed=True, fast=True)
        elif field.type == "boolean":
            builder.add_boolean_field(names[name], indexed=True, fast=True)
        else:
            builder.add_integer_field(names[name], indexed=True, fast=True)
    return builder.build()


def _adder(document: tantivy.Document, type: FieldType) -> Callable[..., None]:
    if type == "keyword":
        return document.add_text
    if type == "float":
        return document.add_float
    if type == "boolean":
        return document.add_boolean
    return document.add_integer
