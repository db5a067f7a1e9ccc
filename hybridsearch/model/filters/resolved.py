"""Filters as an engine sees them: few kinds, checked against a schema, with canonical values.

keyword: str; integer: int of 64 bits; float: float; boolean: bool; date: milliseconds since 1970
UTC. All kinds are hashable. A field may hold several values: a condition holds where any of them
satisfies it, and Negation is true wherever its part is not, also where there is no value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True, slots=True)
class Term:
    """A value of the field equals this one."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True)
class Terms:
    """A value of the field is among these."""

    field: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """A value of the field lies between the bounds; None leaves an end open."""

    field: str
    lower: Any
    upper: Any
    include_lower: bool = True
    include_upper: bool = True


@dataclass(frozen=True, slots=True)
class HasValue:
    """The field has a value."""

    field: str


@dataclass(frozen=True, slots=True)
class StartsWith:
    """A value of the keyword field begins with this."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class AllOf:
    """All parts hold."""

    parts: tuple[Resolved, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds."""

    parts: tuple[Resolved, ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """The part does not hold."""

    part: Resolved


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document at all."""


Resolved: TypeAlias = (
    Term | Terms | Range | HasValue | StartsWith | AllOf | AnyOf | Negation | Nothing
)
