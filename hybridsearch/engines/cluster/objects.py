"""JSON objects by dotted names: `a.b` is `b` within the object `a`, as the products have it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def value_at(source: Mapping[str, Any], name: str) -> Any:
    """The value of a field, None for none; of a list of objects, the list of theirs."""
    if name in source:
        return source[name]
    first, _, rest = name.partition(".")
    if not rest:
        return None
    inner = source.get(first)
    if isinstance(inner, Mapping):
        return value_at(inner, rest)
    if isinstance(inner, list):
        found = [value_at(part, rest) for part in inner if isinstance(part, Mapping)]
        return [value for value in found if value is not None] or None
    return None


def taken_out(source: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The same with these dotted names at the top, each where it has a value.

    Out of objects they are moved; of lists of objects, which they cannot be put back into, they
    are copies.
    """
    found = dict(source)
    for name in names:
        value = value_at(found, name)
        if value is not None and name not in found:
            found = without(found, name)
            found[name] = value
    return found


def put_back(fields: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Reverse of `taken_out`: objects with these names in their places."""
    found = dict(fields)
    for name in names:
        if name in found:
            value = found.pop(name)
            _put(found, name, value)
    return found


def without(source: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same without a field, and without objects that are empty then; lists stay."""
    found = dict(source)
    if name in found:
        del found[name]
        return found
    first, _, rest = name.partition(".")
    inner = found.get(first)
    if rest and isinstance(inner, Mapping):
        left = without(inner, rest)
        if left or not inner:
            found[first] = left
        else:
            del found[first]
    return found


def _put(target: dict[str, Any], name: str, value: Any) -> None:
    first, _, rest = name.partition(".")
    if not rest:
        target[first] = value
        return
    inner = target.get(first)
    if inner is None or isinstance(inner, Mapping):
        target[first] = dict(inner or {})
        _put(target[first], rest, value)
    # A list of objects says it already.
