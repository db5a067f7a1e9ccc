"""A filter against a schema: fields known, values of the right type, dates as moments."""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from hybridsearch.errors import FilterError
from hybridsearch.model.filters.dates import moments
from hybridsearch.model.filters.language import parse
from hybridsearch.model.filters.nodes import And, Compare, Exists, In, Node, Not, Or, Prefix
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
from hybridsearch.model.schema import LONGEST_KEYWORD_BYTES, FieldType

ID = "id"
_LONGEST_PREFIX_BYTES: Final = 900  # servers make an automaton of it, of 1,000 states at most
_ZEROS: Final = (-0.0, 0.0)  # equal numbers, and to engines one below the other


def resolve(
    where: str | Node | None,
    fields: Mapping[str, FieldType],
    *,
    text_fields: AbstractSet[str] = frozenset(),
    text: str | None = None,
) -> Resolved | None:
    """Check a filter; raises FilterError that says what is wrong and, of text, points at it.

    fields: the metadata fields and their types; `id` is always one. text_fields: known, but not
    to be filtered by. text: what a filter that is parsed already was parsed from.
    """
    if where is None:
        return None
    if isinstance(where, str):
        text, where = where, parse(where)
    try:
        return _Resolver({**fields, ID: "keyword"}, text_fields, text).resolve(where)
    except RecursionError:
        raise FilterError("it nests too deeply") from None


@dataclass(frozen=True)
class _Resolver:
    fields: Mapping[str, FieldType]
    text_fields: AbstractSet[str]
    text: str | None

    def resolve(self, node: Node) -> Resolved:  # noqa: PLR0911 - one line for each kind
        match node:
            case And(parts):
                return AllOf(tuple(self.resolve(part) for part in parts))
            case Or(parts):
                return AnyOf(tuple(self.resolve(part) for part in parts))
            case Not(part):
                return Negation(self.resolve(part))
            case Exists():
                self._type(node.field, node.at)
                return HasValue(node.field)
            case Prefix():
                return self._prefix(node)
            case In():
                return self._within(node)
            case Compare():
                return self._compare(node)
        raise self._error(
            f"{node!r} is not a filter: write text, or build it with field(...)", None
        )

    def _prefix(self, node: Prefix) -> Resolved:
        type = self._type(node.field, node.at)
        if type != "keyword":
            raise self._error(
                f"prefix works on keyword fields; {node.field!r} is {_a(type)}", node.at
            )
        value = self._value("keyword", node.field, node.value, node.value_at)
        if (length := len(value.encode())) > _LONGEST_PREFIX_BYTES:
            raise self._error(
                f"the prefix has {length:,} bytes; at most {_LONGEST_PREFIX_BYTES} are possible",
                node.value_at,
            )
        return StartsWith(node.field, value)

    def _within(self, node: In) -> Resolved:
        type = self._type(node.field, node.at)
        if not node.values:
            return Nothing()
        places = node.values_at or (None,) * len(node.values)
        if type == "date":
            equal = [
                self._date("==", node.field, _plain(value), at)
                for value, at in zip(node.values, places, strict=True)
            ]
            return AnyOf(tuple(equal))
        values = [
            self._equal_value(type, node.field, value, at)
            for value, at in zip(node.values, places, strict=True)
        ]
        wanted = tuple(dict.fromkeys(value for value in values if value is not None))
        return Terms(node.field, (*wanted, *_ZEROS) if type == "float" and 0 in wanted else wanted)

    def _compare(self, node: Compare) -> Resolved:
        type = self._type(node.field, node.at)
        node = replace(node, value=_plain(node.value))
        if node.operator == "!=":
            return Negation(
                self._compare(Compare(node.field, "==", node.value, node.at, node.value_at))
            )
        if type == "date":
            return self._date(node.operator, node.field, node.value, node.value_at)
        if node.operator == "==":
            return self._equal(type, node)
        if type == "boolean":
            raise self._error(
                f"{node.operator} has no meaning for {node.field!r}, which is true or false",
                node.at,
            )
        if type == "integer" and isinstance(node.value, float) and not node.value.is_integer():
            return self._between_integers(node)
        value = self._value(type, node.field, node.value, node.value_at)
        if type == "float" and value == 0:
            value = _ZEROS[node.operator in {"<=", ">"}]
        if node.operator in {"<", "<="}:
            return Range(node.field, None, value, include_upper=node.operator == "<=")
        return Range(node.field, value, None, include_lower=node.operator == ">=")

    def _equal(self, type: FieldType, node: Compare) -> Resolved:
        value = self._equal_value(type, node.field, node.value, node.value_at)
        if type == "float" and value == 0:
            return Range(node.field, *_ZEROS)
        return Nothing() if value is None else Term(node.field, value)

    def _between_integers(self, node: Compare) -> Resolved:
        if not math.isfinite(node.value):
            raise self._error(f"{node.value} cannot be compared with", node.value_at)
        if node.operator in {"<", "<="}:
            return Range(node.field, None, math.floor(node.value))
        return Range(node.field, math.ceil(node.value), None)

    def _date(self, operator: str, field: str, value: Any, at: int | None) -> Resolved:
        try:
            when = moments(value)
        except (ValueError, OverflowError) as error:
            raise self._error(
                f"{field!r} is a date, and {value!r} is none: write 2024-05-31 or "
                "2024-05-31T10:00:00Z",
                at,
            ) from error
        if operator == "==":
            return Range(field, when.first, when.last)
        if operator in {"<", "<="}:
            return Range(
                field,
                None,
                when.last if operator == "<=" else when.first,
                include_upper=operator == "<=",
            )
        return Range(
            field,
            when.first if operator == ">=" else when.last,
            None,
            include_lower=operator == ">=",
        )

    def _equal_value(self, type: FieldType, field: str, value: Any, at: int | None) -> Any:
        """The canonical value; None for one that no value of the field can equal."""
        given = self._value(type, field, value, at)
        too_long = isinstance(given, str) and len(given.encode()) > LONGEST_KEYWORD_BYTES
        return None if too_long else given

    def _value(self, type: FieldType, field: str, value: Any, at: int | None) -> Any:
        """The canonical value; None for one that no value of the type can equal."""
        value = _plain(value)
        if type == "keyword":
            if not isinstance(value, str):
                raise self._error(f"{field!r} is a keyword: write {str(value)!r} in quotes", at)
            if not value.isascii() and any("\ud800" <= c <= "\udfff" for c in value):
                raise self._error(f"{value!r} is not valid Unicode", at)
            return value
        if type == "boolean":
            if not isinstance(value, bool):
                raise self._error(f"{field!r} is true or false, not {value!r}", at)
            return value
        return self._number(type, field, value, at)

    def _number(self, type: FieldType, field: str, value: Any, at: int | None) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            hint = ": write it without quotes" if _numeric(value) else ""
            raise self._error(f"{field!r} is {_a(type)}, and {value!r} is not a number{hint}", at)
        if isinstance(value, float) and not math.isfinite(value):
            raise self._error(f"{value} cannot be compared with", at)
        if type == "float":
            try:
                return float(value)
            except OverflowError:
                raise self._error("the number is too large", at) from None
        if isinstance(value, float) and not value.is_integer():
            return None
        if not -(2**63) <= int(value) < 2**63:
            raise self._error("the number does not fit into 64 bits", at)
        return int(value)

    def _type(self, field: str, at: int | None) -> FieldType:
        if field in self.fields:
            return self.fields[field]
        if field in self.text_fields:
            raise self._error(
                f"{field!r} is a text field: filters work on metadata fields and on id", at
            )
        near = difflib.get_close_matches(str(field), self.fields, n=1, cutoff=0.5)
        hint = f", did you mean {near[0]!r}?" if near else ";"
        known = ", ".join(sorted(self.fields))
        raise self._error(f"the field {field!r} is not known{hint} known: {known}", at)

    def _error(self, reason: str, at: int | None) -> FilterError:
        return FilterError(reason, text=self.text if at is not None else None, position=at)


def _a(type: FieldType) -> str:
    return {
        "keyword": "a keyword",
        "integer": "a whole number",
        "float": "a number",
        "boolean": "true or false",
        "date": "a date",
    }[type]


def _plain(value: Any) -> Any:
    """A number, date or string of numpy as Python's."""
    if isinstance(value, np.datetime64) and isinstance(value.item(), int):
        # Of a finer unit than Python's: `item` gives a number.
        value = value.astype("datetime64[us]")
    return value.item() if isinstance(value, np.generic) else value


def _numeric(value: Any) -> bool:
    try:
        float(value)
    except (TypeError, ValueError):
        return False
    return isinstance(value, str)
