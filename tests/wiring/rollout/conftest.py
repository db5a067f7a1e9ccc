"""A target for an alias, and its first version."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator

import pytest
from rolled_out import SCHEMA, SETTINGS, document

from hybridsearch import HybridIndex
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted


@pytest.fixture(params=["elasticsearch", "opensearch"])
def target(request: pytest.FixtureRequest, server_url: Callable[[str], str]) -> str:
    address = server_url(request.param).removeprefix("http:")
    return f"{request.param}:{address}/rollout-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def serving(target: str) -> Iterator[HybridIndex]:
    """The first version, behind its alias."""
    first = Wanted(
        documents=[document(n) for n in range(300)],
        schema=SCHEMA,
        encoder="none",
        settings=SETTINGS,
    )
    assert roll_out(target, first).serving.endswith("-000001")
    with HybridIndex.open(target) as index:
        yield index
