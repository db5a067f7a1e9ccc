"""The target: where an index lives, written as `embedded:PATH` or `ENGINE://HOST:PORT/NAME`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hybridsearch.errors import ConfigurationError


@dataclass(frozen=True)
class Target:
    """An engine's name and the place that the engine understands."""

    engine: str
    location: str

    def __str__(self) -> str:
        if self.location.startswith("https://"):
            return f"{self.engine}+{self.location}"
        return f"{self.engine}:{self.location}"

    @classmethod
    def parse(cls, text: str) -> Target:
        """Read a target; raises ConfigurationError with the forms that exist."""
        engine, colon, location = str(text).partition(":")
        if not colon or not engine or not location.strip("/ "):
            raise ConfigurationError(
                f"{text!r} is not a target: write embedded:PATH, for example embedded:./books, "
                "or elasticsearch://HOST:9200/NAME or opensearch://HOST:9200/NAME (with +https "
                "after the engine for TLS)"
            )
        if engine.endswith("+https"):
            return cls(engine.removesuffix("+https"), f"https:{location}")
        if location.startswith("~/"):  # which no shell replaces after a colon
            location = str(Path(location).expanduser())
        return cls(engine, location)
