"""The blend inside the server as an ES|QL statement, for vectors that lie in fields of documents.

ES|QL does not see nested fields, in which the indices of this package have their vectors: the
statement is for an index that has them in a `dense_vector` field of its own. FORK with FUSE would
say it shorter and needs an Enterprise licence; MATCH and KNN in a WHERE do not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hybridsearch.engines.cluster.ahead import best_bm25, similarity_range
from hybridsearch.engines.cluster.search_template import DEFAULT_K, WORDS
from hybridsearch.engines.elasticsearch.dialect import BM25_FACTOR


def esql_statement(
    name: str,
    lexical_fields: Mapping[str, float],
    vectors: Sequence[str],
    weights: tuple[float, float],
    k: int = DEFAULT_K,
) -> str:
    """The statement, with the parameters `?text` and `?vector`.

    lexical_fields: weights of text fields; vectors: fields of type dense_vector; weights: of all
    text together and of each vector field.
    """
    lexical, dense = weights
    best = best_bm25(WORDS, BM25_FACTOR)
    span = similarity_range("halved")
    clauses = [
        *(
            f"MATCH({_quoted(field)}, ?text, {_boost(lexical * weight / best)})"
            for field, weight in lexical_fields.items()
        ),
        *(f"KNN({_quoted(field)}, ?vector, {_boost(dense / span)})" for field in vectors),
    ]
    kept = ", ".join(_quoted(column) for column in ("_id", *lexical_fields, "_score"))
    lines = (
        f"FROM {name} METADATA _id, _score",
        "WHERE " + "\n   OR ".join(clauses),
        "SORT _score DESC, _id",
        f"KEEP {kept}",
        f"LIMIT {k}",
    )
    return "\n| ".join(lines) + "\n"


def _boost(value: float) -> str:
    return f'{{"boost": {value:.6g}}}'


def _quoted(column: str) -> str:
    """A column as ES|QL writes it; parts that are no plain names stand between backticks."""
    return ".".join(
        part if part.isidentifier() and part.isascii() else "`" + part.replace("`", "``") + "`"
        for part in column.split(".")
    )
