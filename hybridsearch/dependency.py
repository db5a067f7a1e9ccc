"""Optional packages, imported at first use; an absent one is reported with its extra."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hybridsearch.errors import MissingDependencyError

__all__ = ["require"]


def require(module: str, purpose: str, *, extra: str = "encoder") -> Any:
    """The imported module; raises MissingDependencyError where its package is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # the package is there and itself lacks something: its own message says what
        raise MissingDependencyError(package, extra, purpose) from error
