"""Which embedding cache an index uses: from an argument, else from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Final, TypeAlias

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch.encoding.cache import DEFAULT_BYTES, EmbeddingCache
from hybridsearch.errors import ConfigurationError

CacheSetting: TypeAlias = str | Path | bool | None
"""A folder; True or "default" for the user's cache folder; False or "off" for none; None for what
HYBRIDSEARCH_CACHE says, and none where it says nothing."""

_DEFAULT: Final = "default"
_OFF: Final = "off"


class CacheSettings(BaseSettings):
    """HYBRIDSEARCH_CACHE: a folder, `default` or `off`; HYBRIDSEARCH_CACHE_BYTES: its bound."""

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True, extra="forbid")

    cache: str = _OFF
    cache_bytes: int = Field(default=DEFAULT_BYTES, ge=1_000_000)


def cache_for(setting: CacheSetting) -> EmbeddingCache | None:
    """The cache that a setting names, not opened yet; raises ConfigurationError.

    Without a setting there is none: it takes gigabytes, and vectors tell about the texts they were
    made of, so that somebody has to say where they may lie.
    """
    if setting is False:
        return None
    try:
        known = CacheSettings()
    except ValidationError as error:
        told = "; ".join(item["msg"] for item in error.errors(include_url=False))
        raise ConfigurationError(f"HYBRIDSEARCH_CACHE_BYTES: {told}") from None
    chosen = _DEFAULT if setting is True else str(known.cache if setting is None else setting)
    if chosen in {_OFF, ""}:
        return None
    folder = (
        platformdirs.user_cache_path("hybridsearch", appauthor=False)
        if chosen == _DEFAULT
        else Path(chosen).expanduser()
    )
    return EmbeddingCache(folder, known.cache_bytes)
