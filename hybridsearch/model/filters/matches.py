"""What a filter means, in plain Python: the reference that every engine is compared with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

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


def matches(where: Resolved, values: Mapping[str, Sequence[Any]]) -> bool:  # noqa: PLR0911 - one for each kind
    """Whether a document with these canonical values, by field and with its `id`, passes.

    A condition holds where any of a field's values satisfies it; a negation is true wherever its
    part is not.
    """
    match where:
        case Term(field, value):
            return value in values.get(field, ())
        case Terms(field, wanted):
            return any(value in wanted for value in values.get(field, ()))
        case Range(field):
            return any(_between(value, where) for value in values.get(field, ()))
        case HasValue(field):
            return bool(values.get(field, ()))
        case StartsWith(field, prefix):
            return any(value.startswith(prefix) for value in values.get(field, ()))
        case AllOf(parts):
            return all(matches(part, values) for part in parts)
        case AnyOf(parts):
            return any(matches(part, values) for part in parts)
        case Negation(part):
            return not matches(part, values)
        case Nothing():
            return False


def _between(value: Any, where: Range) -> bool:
    if where.lower is not None and (
        value < where.lower or (value == where.lower and not where.include_lower)
    ):
        return False
    return where.upper is None or (
        value < where.upper or (value == where.upper and where.include_upper)
    )
