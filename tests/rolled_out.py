"""An index for roll-outs, and what ends one midway."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from vectors import random_units

from hybridsearch import HybridIndex, Schema

SCHEMA = Schema(
    text=["text"],
    metadata={"n": "integer"},
    dense={"dense": {"embeds": ["text"], "dims": 4}},
)
VECTORS = random_units(64, seed=3, dims=4)
SETTINGS = {"replicas": 0, "refresh_interval": "1s"}


def document(number: int, round: int = 0) -> dict[str, Any]:
    text = f"document {number} of round {round}"
    vector = VECTORS[(number + round) % len(VECTORS)]
    return {"id": f"d{number:05d}", "text": text, "n": round, "dense": vector}


def held(index: HybridIndex) -> dict[str, Any]:
    """Every document with its fields and its vector."""
    index.refresh()
    return {
        found.id: (found.fields, found.vectors["dense"].vectors.tolist())
        for found in index.scan(vectors=True)
    }


class EndedError(Exception):
    """Stands for whatever ends a roll-out."""


def ended(*_: Any) -> None:
    raise EndedError


@contextmanager
def ending(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, by: Callable[..., Any] = ended
) -> Iterator[None]:
    """The block is ended by what it calls by this name."""
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, by)
        with pytest.raises(EndedError):
            yield
