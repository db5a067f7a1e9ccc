"""Filters as tantivy queries."""

from __future__ import annotations

import re
from collections.abc import Mapping

import tantivy

from hybridsearch.engines.embedded.text_index import ID, TextIndex
from hybridsearch.model.filters import (
    AllOf,
    AnyOf,
    HasValue,
    Negation,
    Nothing,
    Range,
    Resolved,
    StartsWith,
    Term,
    Terms,
)

_TYPES: Mapping[str, tantivy.FieldType] = {
    "integer": tantivy.FieldType.Integer,
    "date": tantivy.FieldType.Integer,
    "float": tantivy.FieldType.Float,
}

# A state a byte and a few more; tantivy takes 1,000.
_LONGEST_EXPRESSION = 500


def restriction(text: TextIndex, searcher: tantivy.Searcher, where: Resolved) -> tantivy.Query:  # noqa: C901, PLR0911 - one line for each kind
    """The tantivy query that matches exactly the documents a filter lets through."""
    schema = text.index.schema
    match where:
        case Nothing():
            return tantivy.Query.empty_query()
        case Term(field, value):
            return tantivy.Query.term_query(schema, text.names[field], value)
        case Terms(field, values):
            return tantivy.Query.term_set_query(schema, text.names[field], list(values))
        case HasValue(field):
            if field == ID:
                return tantivy.Query.all_query()
            return tantivy.Query.exists_query(text.names[field])
        case StartsWith(field, value):
            if len(value.encode()) > _LONGEST_EXPRESSION:
                terms = [term for term, _ in searcher.terms_with_prefix(text.names[field], value)]
                return tantivy.Query.term_set_query(schema, text.names[field], terms)
            return tantivy.Query.regex_query(
                schema, text.names[field], re.escape(value) + "(.|\n)*"
            )
        case Range():
            return _range(text, searcher, where)
        case AllOf(()):
            return tantivy.Query.all_query()
        case AllOf(parts):
            return tantivy.Query.boolean_query(
                [(tantivy.Occur.Must, restriction(text, searcher, part)) for part in parts]
            )
        case AnyOf(parts):
            return tantivy.Query.boolean_query(
                [(tantivy.Occur.Should, restriction(text, searcher, part)) for part in parts]
            )
        case Negation(part):
            return tantivy.Query.boolean_query(
                [
                    (tantivy.Occur.Must, tantivy.Query.all_query()),
                    (tantivy.Occur.MustNot, restriction(text, searcher, part)),
                ]
            )


def _range(text: TextIndex, searcher: tantivy.Searcher, where: Range) -> tantivy.Query:
    schema = text.index.schema
    name = text.names[where.field]
    type = text.types.get(where.field, "keyword")
    if type in _TYPES:
        return tantivy.Query.range_query(
            schema,
            name,
            _TYPES[type],
            where.lower,
            where.upper,
            include_lower=where.include_lower,
            include_upper=where.include_upper,
        )
    # tantivy has no ranges over strings: the terms in range are looked up and asked for.
    terms = [term for term, _ in searcher.terms_with_prefix(name, "") if _within(term, where)]
    return tantivy.Query.term_set_query(schema, name, terms)


def _within(term: str, where: Range) -> bool:
    if where.lower is not None and (
        term < where.lower or (term == where.lower and not where.include_lower)
    ):
        return False
    return where.upper is None or (
        term < where.upper or (term == where.upper and where.include_upper)
    )
