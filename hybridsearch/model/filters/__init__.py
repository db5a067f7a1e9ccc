"""Filters: a small language, the same as Python objects, and what engines get of them."""

from hybridsearch.model.filters.language import parse
from hybridsearch.model.filters.matches import matches
from hybridsearch.model.filters.nodes import (
    And,
    Compare,
    Exists,
    Field,
    In,
    Node,
    Not,
    Or,
    Prefix,
    field,
)
from hybridsearch.model.filters.resolve import resolve
from hybridsearch.model.filters.resolved import (
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

__all__ = [
    "AllOf",
    "And",
    "AnyOf",
    "Compare",
    "Exists",
    "Field",
    "HasValue",
    "In",
    "Negation",
    "Node",
    "Not",
    "Nothing",
    "Or",
    "Prefix",
    "Range",
    "Resolved",
    "StartsWith",
    "Term",
    "Terms",
    "field",
    "matches",
    "parse",
    "resolve",
]
