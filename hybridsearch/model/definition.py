"""What an index is made of, as the index itself stores it: its schema and its encoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.errors import EngineError
from hybridsearch.model.schema import Schema

FORMAT = 1


@dataclass(frozen=True)
class IndexDefinition:
    """Stored inside the index when it is created and read when it is opened.

    encoder: the setting that loads the encoder; None where vectors are given by the caller.
    fingerprint: the identity of the encoder's vectors; an index is opened with no other.
    """

    schema: Schema
    encoder: str | None = None
    fingerprint: Mapping[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """The definition as JSON values."""
        return {
            "format": FORMAT,
            "schema": self.schema.model_dump(exclude_none=True),
            "encoder": self.encoder,
            "fingerprint": dict(self.fingerprint) if self.fingerprint else None,
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> IndexDefinition:
        """Read what `as_dict` gives; raises EngineError for another format."""
        if given.get("format") != FORMAT:
            raise EngineError(
                f"the index has format {given.get('format')!r}; this version of hybridsearch "
                f"reads format {FORMAT}: upgrade hybridsearch, or index the source again"
            )
        return cls(Schema(**given["schema"]), given.get("encoder"), given.get("fingerprint"))
