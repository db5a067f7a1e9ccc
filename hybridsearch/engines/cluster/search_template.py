"""The blend inside the server as a search template: one request from Dev Tools or any client.

It is the blend that `ahead.py` guesses with: BM25 and similarities are brought to one scale by
constants, and what a retriever did not list counts nothing. Scores are therefore not those of a
fusion, which completes and normalises them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, cast

import orjson

from hybridsearch.engines.calls import DenseQuery, LexicalQuery
from hybridsearch.engines.cluster.ahead import best_bm25, similarity_range
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.documents import source_filter
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import own_shape
from hybridsearch.engines.cluster.searches import lexical
from hybridsearch.engines.cluster.server import Server
from hybridsearch.engines.cluster.shape import VectorShape
from hybridsearch.model.schema import Schema

DEFAULT_K: Final = 10
DEFAULT_WINDOW: Final = 100
# Templates do not count words.
WORDS: Final = 4

Query = dict[str, Any]

# What stands in the body where the template has a parameter.
_TEXT: Final = "<text>"
_VECTOR: Final = "<vector>"
_SIZE: Final = "<k>"
_FILTER: Final[Query] = {"<filter>": 1}
_WINDOW: Final = 9973
_ALL: Final = '{"match_all":{}}'


def search_template(
    lexical_fields: Mapping[str, Mapping[str, float]],
    dense_fields: Mapping[str, str],
    weights: Mapping[str, float],
    schema: Schema,
    settings: IndexSettings,
    dialect: Dialect,
) -> dict[str, Any]:
    """The body of `PUT _scripts/NAME`.

    Its parameters: text; vector, of unit length; k; window, neighbours that are looked at;
    weights, by retriever; filter, one query. All but text and vector may be left out.
    lexical_fields, dense_fields and weights: by the retriever's name.
    """
    shape = own_shape(schema, settings, dialect)
    clauses = [
        *(_lexical(name, fields, dialect) for name, fields in lexical_fields.items()),
        *(
            _dense(name, field, shape.vectors[field], settings, dialect)
            for name, field in dense_fields.items()
        ),
    ]
    body = {
        "track_total_hits": False,
        "size": _SIZE,
        "_source": source_filter(schema, shape, None),
        "query": {
            "bool": {"should": clauses, "minimum_should_match": 1, "filter": [_FILTER]},
        },
    }
    return {"script": {"lang": "mustache", "source": _mustache(body, weights)}}


def _lexical(name: str, fields: Mapping[str, float], dialect: Dialect) -> Query:
    factor = dialect.bm25_factor(Server(dialect.product, (999,)))  # of the newest
    query = lexical(LexicalQuery(name, _TEXT, fields), None)
    return _weighted(name, query, 1 / best_bm25(WORDS, factor))


def _dense(
    name: str, field: str, shape: VectorShape, settings: IndexSettings, dialect: Dialect
) -> Query:
    query = DenseQuery(name, field, cast("Any", _VECTOR))
    exact = settings.model_copy(update={"effort": 1.0})
    near = dialect.nearest(query, shape, exact, _WINDOW, _FILTER)
    return _weighted(name, near, 1 / similarity_range(shape.scale))


def _weighted(name: str, query: Query, scale: float) -> Query:
    """The query on the common scale, times the weight of its retriever."""
    ((kind, inner),) = query.items()
    scaled = {kind: {**inner, "boost": round(scale, 6)}}
    return {"bool": {"must": [scaled], "boost": _weight(name), "_name": name}}


def _weight(name: str) -> str:
    return f"<weight {name}>"


def _mustache(body: Query, weights: Mapping[str, float]) -> str:
    text = orjson.dumps(body).decode()
    given = "{{#toJson}}filter{{/toJson}}"
    mark = orjson.dumps(_FILTER).decode()
    # Without a filter there is none in the request either: one that lets everything through costs.
    text = re.sub(
        rf',"filter":(\[?){re.escape(mark)}(\]?)',
        rf'{{{{#filter}}}},"filter":\1{given}\2{{{{/filter}}}}',
        text,
    )
    text = text.replace(
        mark, f"{{{{#filter}}}}{given}{{{{/filter}}}}{{{{^filter}}}}{_ALL}{{{{/filter}}}}"
    )
    text = text.replace(f'"{_VECTOR}"', "{{#toJson}}vector{{/toJson}}")
    text = text.replace(_TEXT, "{{text}}")
    text = text.replace(f'"{_SIZE}"', _or("k", DEFAULT_K))
    text = re.sub(rf"\b{_WINDOW}\b", _or("window", DEFAULT_WINDOW), text)
    for name, weight in weights.items():
        text = text.replace(f'"{_weight(name)}"', _or(f"weights.{name}", weight))
    return text


def _or(name: str, default: float) -> str:
    """A parameter, or a number where it is not given."""
    return f"{{{{{name}}}}}{{{{^{name}}}}}{default:g}{{{{/{name}}}}}"
