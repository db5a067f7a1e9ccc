"""Filters as a user writes them: comparisons of fields, joined by and, or and not.

`field("year") >= 2020`, `field("lang").isin(["en", "de"])`, joined with `&`, `|` and `~`, build the
same nodes as the text `year >= 2020` and `lang in ('en', 'de')` does; `str(node)` gives the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import field as part
from datetime import date, datetime
from typing import Any, Literal, TypeAlias

import numpy as np

from hybridsearch.errors import FilterError

Operator: TypeAlias = Literal["==", "!=", "<", "<=", ">", ">="]
_PLAIN_NAME = re.compile(r"[^\W\d][\w.]*")
KEYWORDS = frozenset({"and", "or", "not", "in", "exists", "prefix", "true", "false"})


class _Joins:
    """The operators that join filters."""

    __slots__ = ()

    def __and__(self, other: Node) -> And:
        first = self.parts if isinstance(self, And) else (self,)
        return And((*first, other))

    def __or__(self, other: Node) -> Or:
        first = self.parts if isinstance(self, Or) else (self,)
        return Or((*first, other))

    def __invert__(self) -> Not:
        return Not(self)  # type: ignore[arg-type] # whoever inherits it is a Node

    def __bool__(self) -> bool:
        # `a and b`, `not a` and `1 < field("year") < 3` would silently drop a part.
        raise FilterError(
            "a filter has no truth value: join filters with & | ~ and parentheses, such as "
            '(field("year") >= 2020) & (field("year") < 2024)'
        )


@dataclass(frozen=True)
class Compare(_Joins):
    """A field against one value; of several values of a field, any may satisfy it."""

    field: str
    operator: Operator
    value: Any
    at: int | None = part(default=None, compare=False)
    value_at: int | None = part(default=None, compare=False)

    def __str__(self) -> str:
        return f"{_name(self.field)} {self.operator} {_value(self.value)}"


@dataclass(frozen=True)
class In(_Joins):
    """A field has one of the values."""

    field: str
    values: tuple[Any, ...]
    at: int | None = part(default=None, compare=False)
    values_at: tuple[int, ...] = part(default=(), compare=False)

    def __str__(self) -> str:
        return f"{_name(self.field)} in ({', '.join(map(_value, self.values))})"


@dataclass(frozen=True)
class Exists(_Joins):
    """A field has a value."""

    field: str
    at: int | None = part(default=None, compare=False)

    def __str__(self) -> str:
        return f"exists {_name(self.field)}"


@dataclass(frozen=True)
class Prefix(_Joins):
    """A keyword field has a value that begins with this."""

    field: str
    value: str
    at: int | None = part(default=None, compare=False)
    value_at: int | None = part(default=None, compare=False)

    def __str__(self) -> str:
        return f"{_name(self.field)} prefix {_value(self.value)}"


@dataclass(frozen=True)
class And(_Joins):
    """All parts hold."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " and ".join(_grouped(part, And | Or) for part in self.parts)


@dataclass(frozen=True)
class Or(_Joins):
    """At least one part holds."""

    parts: tuple[Node, ...]

    def __str__(self) -> str:
        return " or ".join(_grouped(part, Or) for part in self.parts)


@dataclass(frozen=True)
class Not(_Joins):
    """The part does not hold."""

    part: Node

    def __str__(self) -> str:
        return f"not {_grouped(self.part, And | Or)}"


Node: TypeAlias = Compare | In | Exists | Prefix | And | Or | Not


@dataclass(frozen=True, eq=False)
class Field:
    """A field to build filters from; `==` and the others give filters, not truth values."""

    name: str

    def __eq__(self, value: object) -> Compare:  # type: ignore[override] # a filter, no bool
        return Compare(self.name, "==", value)

    def __ne__(self, value: object) -> Compare:  # type: ignore[override] # a filter, no bool
        return Compare(self.name, "!=", value)

    def __lt__(self, value: Any) -> Compare:
        return Compare(self.name, "<", value)

    def __le__(self, value: Any) -> Compare:
        return Compare(self.name, "<=", value)

    def __gt__(self, value: Any) -> Compare:
        return Compare(self.name, ">", value)

    def __ge__(self, value: Any) -> Compare:
        return Compare(self.name, ">=", value)

    # By name, equal hashes would make a set or a dict ask whether two fields are equal.
    __hash__ = object.__hash__

    def isin(self, values: Iterable[Any]) -> In:
        """The field has one of the values."""
        return In(self.name, tuple(values))

    def exists(self) -> Exists:
        """The field has a value."""
        return Exists(self.name)

    def startswith(self, prefix: str) -> Prefix:
        """The keyword field has a value that begins with this."""
        return Prefix(self.name, prefix)


def field(name: str) -> Field:
    """A field by its name, to build filters from: `field("year") >= 2020`."""
    return Field(name)


def _name(name: str) -> str:
    if _PLAIN_NAME.fullmatch(name) and name.lower() not in KEYWORDS:
        return name
    return f"`{name}`"


def _value(value: Any) -> str:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime | date):
        return f"'{value.isoformat()}'"
    if isinstance(value, str):
        return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    return repr(value)


def _grouped(node: Node, kinds: Any) -> str:
    return f"({node})" if isinstance(node, kinds) else str(node)
