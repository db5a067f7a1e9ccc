"""Fusions written as text: `"rrf"`, `"rrf(k=10)"`, `"convex(dense=0.7, normalise='z-score')"`."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.registry import BUILT_IN, load, names


def parse_fusion(setting: str | Fusion) -> Fusion:
    """The fusion a setting names, or the fusion itself.

    Raises UnknownNameError for an unknown fusion or parameter (with the nearest known), and
    ConfigurationError for what cannot be read or is out of range.
    """
    if isinstance(setting, str):
        return _parsed(setting.strip())
    kind: Any = type(setting)
    if not hasattr(kind, "fuse"):
        raise ConfigurationError(
            f"{setting!r} is not a fusion: give a name such as 'convex', or a fusion object"
        )
    return setting


def format_fusion(fusion: Fusion) -> str:
    """The text that `parse_fusion` reads as this fusion; its repr where it has no name."""
    kind = type(fusion)
    path = f"{kind.__module__}:{kind.__qualname__}"
    known = {place: name for name, place in BUILT_IN["fusions"].items()}
    if path not in known or not is_dataclass(fusion):
        return repr(fusion)
    given = [
        f"{field.name}={_literal(getattr(fusion, field.name))}"
        for field in fields(fusion)
        if getattr(fusion, field.name) != field.default
    ]
    return known[path] + (f"({', '.join(given)})" if given else "")


@lru_cache(maxsize=256)
def _parsed(text: str) -> Fusion:
    name, parameters = _call(text)
    if name not in names("fusions"):
        raise UnknownNameError("fusion", name, names("fusions"))
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
    name, parenthesis, _ = text.partition("(")
    if not parenthesis:
        return text, {}
    try:
        call = ast.parse(f"_({text[len(name) + 1 :]}", mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        call = None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
        raise ConfigurationError(
            f"fusion {text!r} cannot be read: write name(parameter=value, ...), for example "
            "rrf(k=10)"
        )
    if call.args or any(keyword.arg is None for keyword in call.keywords):
        raise ConfigurationError(
            f"fusion {text!r}: name each parameter, for example rrf(k=10) or convex(dense=0.7)"
        )
    parameters = {}
    for keyword in call.keywords:
        try:
            parameters[str(keyword.arg)] = ast.literal_eval(keyword.value)
        except (ValueError, TypeError):
            raise ConfigurationError(
                f"fusion {text!r}: the value of {keyword.arg} must be a number, a string in "
                "quotes, or weights such as {'lexical': 0.3, 'dense': 0.7}"
            ) from None
    return name.strip(), parameters


def _literal(value: Any) -> str:
    return repr(dict(value)) if isinstance(value, Mapping) else repr(value)
