"""Sources by their names: `NAME:LOCATION` is a plug-in's, everything else a file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Final

from hybridsearch import registry
from hybridsearch.errors import UnknownNameError
from hybridsearch.indexing.sources.source import Source, SourceOptions

_FILE: Final = "file"
_NAMED: Final = re.compile(r"(?P<name>[A-Za-z][\w.-]*)(\+[\w.-]+)?:(?P<location>.+)", re.DOTALL)


def open_sources(
    names: Sequence[str], *, query: str | None = None, id: str | None = None
) -> Source:
    """All sources, one after the other; raises SourceError, ConfigurationError.

    query: what to ask a database for; id: the field or column that holds the ids.
    """
    sources = [_opened(SourceOptions(name, query, id)) for name in names]
    if len(sources) == 1:
        return sources[0]
    states = [source.state for source in sources if source.state is not None]
    return Source(
        ", ".join(source.name for source in sources),
        chain.from_iterable(source.records for source in sources),
        _Together(sources),
        untyped=bool(sources) and all(source.untyped for source in sources),
        state="; ".join(states) if len(states) == len(sources) else None,
    )


def _opened(options: SourceOptions) -> Source:
    written = options.source
    named = _NAMED.fullmatch(written)
    if named is None:
        return _load(_FILE, written, options)
    if named["name"] in registry.names("sources"):
        return _load(named["name"], named["location"], options)
    if Path(written).exists():
        return _load(_FILE, written, options)
    raise UnknownNameError("source", named["name"], registry.names("sources"))


def _load(name: str, location: str, options: SourceOptions) -> Source:
    source: Source = registry.load("sources", name)(location, options)
    return source


class _Together:
    """Reading of several sources, weighted by their bytes where those are known."""

    def __init__(self, sources: Sequence[Source]) -> None:
        sizes = [source.size for source in sources]
        known: list[int] = [size for size in sizes if size is not None]
        self._weights = known if len(known) == len(sizes) and any(known) else [1] * len(sizes)
        self._readings = [source.reading for source in sources]

    @property
    def fraction(self) -> float | None:
        """From 0 to 1; None where one of them cannot tell."""
        read = 0.0
        for weight, reading in zip(self._weights, self._readings, strict=True):
            fraction = reading.fraction
            if fraction is None:
                return None
            read += weight * fraction
        return min(1.0, read / sum(self._weights))
