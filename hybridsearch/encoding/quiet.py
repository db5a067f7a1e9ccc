"""Silence around loading a model: no bars, notes or warnings of the model libraries."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

__all__ = ["quiet_loading"]


@contextmanager
def quiet_loading() -> Iterator[None]:
    """Loading inside prints nothing; the libraries' own settings are put back after."""
    hub = import_module("huggingface_hub.utils")
    library = import_module("transformers.utils.logging")
    logger = logging.getLogger("sentence_transformers")
    level, verbosity = logger.level, library.get_verbosity()
    library_bars = library.is_progress_bar_enabled()
    hub_bars = not hub.are_progress_bars_disabled()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logger.setLevel(logging.ERROR)
        library.set_verbosity_error()
        library.disable_progress_bar()
        try:
            yield
        finally:
            logger.setLevel(level)
            library.set_verbosity(verbosity)
            if library_bars:
                library.enable_progress_bar()
            # The library's switch also throws the hub's, so the hub's own state comes last.
            (hub.enable_progress_bars if hub_bars else hub.disable_progress_bars)()
