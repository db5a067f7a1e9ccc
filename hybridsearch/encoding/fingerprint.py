"""What makes one encoder's vectors comparable with another's: the identity an index stores."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Final

from hybridsearch.errors import EncoderError

__all__ = ["Fingerprint"]

_WORDS: Final = {
    "weights": "weights",
    "pooling": "pooling",
    "normalised": "normalisation",
    "query_prompt": "query prompt",
    "document_prompt": "document prompt",
    "dims": "dims",
}


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """Equal fingerprints mean that vectors may be mixed.

    The model's name is a label for messages. It takes no part in equality where the weights are
    known by their digest: the same weights from a hub, a package or a renamed folder are one
    model. Where `weights` is empty (a remote model, say), the name stands for them.
    """

    model: str = field(compare=False)
    weights: str
    pooling: str
    normalised: bool
    query_prompt: str
    document_prompt: str
    dims: int

    def __post_init__(self) -> None:
        if not self.weights:
            object.__setattr__(self, "weights", f"model:{self.model}")

    @property
    def digest(self) -> str:
        """16 hexadecimal digits, equal where fingerprints are equal."""
        identity = {name: getattr(self, name) for name in _WORDS}
        canonical = json.dumps(identity, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Fingerprint:
        """Reverse of `as_dict`; raises EncoderError where the values are not a fingerprint."""
        wanted = {known.name for known in fields(cls)}
        if set(values) != wanted:
            missing = ", ".join(sorted(wanted - set(values))) or "none"
            unknown = ", ".join(sorted(set(values) - wanted)) or "none"
            raise EncoderError(
                "the stored encoder fingerprint cannot be read: "
                f"missing entries: {missing}; unknown entries: {unknown}."
            )
        return cls(**values)

    def difference(self, other: Fingerprint) -> list[str]:
        """One line for each thing that differs, this one's value first; empty where equal."""
        lines = [
            f"{word}: {_shown(getattr(self, name))} and {_shown(getattr(other, name))}"
            for name, word in _WORDS.items()
            if getattr(self, name) != getattr(other, name)
        ]
        if lines and self.model != other.model:
            lines.insert(0, f"model: {self.model!r} and {other.model!r}")
        return lines


def _shown(value: object) -> str:
    return repr(value[:23] + "…") if isinstance(value, str) and len(value) > 64 else repr(value)
