"""What tests of several files need: an index that others made, on each product in turn, and
an encoder by its name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from foreign_indices import PRODUCTS, Foreign
from servers.fixtures import ServerUrl


@pytest.fixture(params=PRODUCTS)
def foreign(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[Foreign]:
    place = Foreign(request.param, server_url(request.param))
    yield place
    place.delete()


@pytest.fixture
def encoder(tiny_model: Path) -> str:
    return f"transformers:{tiny_model}"
