"""Fusions written as text: `"rrf"`, `"rrf(k=10)"`, `"convex(dense=0.7, normalise='z-score')"`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.registry import BUILT_IN, load


def parse_fusion(setting: str | Fusion) -> Fusion:
    """The fusion a setting names, or the fusion itself.

    Raises UnknownNameError for an unknown fusion or parameter (with the nearest known), and
    ConfigurationError for what cannot be read or is out of range.
    """
    if isinstance(setting, str):
        return _parsed(setting.strip())
    if not _fuses(setting):
        raise ConfigurationError(
            f"{setting!r} is not a fusion: give a name such as 'convex', or a fusion object"
        )
    return setting


def format_fusion(fusion: Fusion) -> str:
    """The text that `parse_fusion` reads as this fusion; its repr where it has no name."""
    kind: Any = type(fusion)
    path = f"{kind.__module__}:{kind.__qualname__}"
    known = {place: name for name, place in BUILT_IN["fusions"].items()}
    if path not in known or not is_dataclass(kind):
        return repr(fusion)
    given = [
        f"{field.name}={_literal(getattr(fusion, field.name))}"
        for field in fields(kind)
        if getattr(fusion, field.name) != field.default
    ]
    return known[path] + (f"({', '.join(given)})" if given else "")


def _fuses(given: object) -> bool:
    return not isinstance(given, type) and all(
        hasattr(given, member) for member in ("missing", "fuse", "separable")
    )


@lru_cache(maxsize=256)
def _parsed(text: str) -> Fusion:
    name, parameters = _call(text)
    kind: Any = load("fusions", name)
    known = [field.name for field in fields(kind)] if is_dataclass(kind) else None
    for parameter in parameters:
        if known is not None and parameter not in known:
            raise UnknownNameError(f"parameter of {name}", parameter, known)
    try:
        fusion: Fusion = kind(**parameters)
    except TypeError as error:
        raise ConfigurationError(f"fusion {text!r}: {error}") from error
    return fusion


def _call(text: str) -> tuple[str, Mapping[str, Any]]:
    name, parenthesis, rest = text.partition("(")
    if not parenthesis:
        return text, {}
    # A plug-in's name need not be a Python name, so another one stands in for it.
    source = f"_({rest}"
    shift = len(name) - 1
    try:
        call = ast.parse(source, mode="eval").body
    except SyntaxError as error:
        column = (error.offset or 1) - 1 + shift
        raise _unreadable(text, error.msg, column if error.lineno == 1 else None) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise _unreadable(text, str(error) or "it is nested too deeply") from None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise _unreadable(text, "something follows the closing parenthesis")
    if call.args:
        place = _column(source, call.args[0]) + shift
        raise _wrong(text, "name each parameter, for example rrf(k=10)", place)
    parameters: dict[str, Any] = {}
    for keyword in call.keywords:
        place = _column(source, keyword) + shift
        if keyword.arg is None:
            raise _wrong(text, "name each parameter, for example rrf(k=10)", place)
        if keyword.arg in parameters:
            raise _unreadable(text, f"{keyword.arg} is given twice", place)
        try:
            parameters[keyword.arg] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError, RecursionError, MemoryError):
            raise _wrong(
                text,
                f"the value of {keyword.arg} must be a number, a string in quotes, or weights "
                "such as {'lexical': 0.3, 'dense': 0.7}",
                _column(source, keyword.value) + shift,
            ) from None
    return name.strip(), parameters


def _column(source: str, node: ast.keyword | ast.expr) -> int:
    """The node's place in characters; the parser counts bytes."""
    line = source.splitlines()[node.lineno - 1]
    return len(line.encode()[: node.col_offset].decode())


def _unreadable(text: str, reason: str, column: int | None = None) -> ConfigurationError:
    return _wrong(
        text,
        f"it cannot be read, {reason}: write name(parameter=value, ...), for example rrf(k=10)",
        column,
    )


def _wrong(text: str, reason: str, column: int | None = None) -> ConfigurationError:
    """The error with the text and, where it is one line, a mark under the place."""
    marked = column is not None and text.isprintable()
    return ConfigurationError(
        f"fusion {text!r}: {reason}" + (f"\n  {text}\n  {' ' * (column or 0)}^" if marked else "")
    )


def _literal(value: Any) -> str:
    if isinstance(value, Mapping):
        return repr({name: _plain(weight) for name, weight in value.items()})
    return repr(_plain(value))


def _plain(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value
