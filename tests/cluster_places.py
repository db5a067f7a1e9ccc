"""An index on a server under a name of its own, with known documents, asked sync or async."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from servers.ask import ask
from vectors import random_units

from hybridsearch import AsyncHybridIndex, HybridIndex, Schema

Ask = Callable[..., Any]

SCHEMA = Schema(
    text={"title": {"weight": 2.0}, "body": {}},
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title", "body"], "dims": 8}},
)
QUERY = random_units(1, seed=5)[0]


def documents(count: int = 40) -> list[dict[str, Any]]:
    """Every document matches `word`; its vector is random."""
    vectors = random_units(count, seed=1)
    return [
        {
            "id": f"d{n:03d}",
            "title": f"word {'red ' * (n % 3)}t{n}",
            "body": f"word {'text ' * (n % 7)}",
            "year": 2000 + n % 10,
            "dense": vectors[n],
        }
        for n in range(count)
    ]


@dataclass(frozen=True)
class Place:
    """Where a product's server is, and a new name on it."""

    product: str
    url: str
    name: str = field(default_factory=lambda: f"faults-{uuid.uuid4().hex}")

    @property
    def target(self) -> str:
        return self.through(self.url)

    def through(self, url: str) -> str:
        """The same index by another address."""
        return f"{self.product}:{url.removeprefix('http:')}/{self.name}"

    def ask(self, method: str, path: str = "", body: Any = None) -> Any:
        """A request of the index itself."""
        return ask(method, f"{self.url}/{self.name}{path}", body)

    def make(self, given: list[dict[str, Any]] | None = None, **settings: Any) -> None:
        """The index with these documents."""
        chosen = {"vector_index": "flat", "replicas": 0, **settings}
        with HybridIndex.create(self.target, schema=SCHEMA, encoder=None, settings=chosen) as index:
            index.add(documents() if given is None else given)


def a_shard_failed(body: Any) -> Any:
    """A reply to searches, each of which a shard did not answer."""
    failure = {"shard": 1, "reason": {"type": "circuit_breaking_exception", "reason": "too large"}}
    for item in body["responses"]:
        item["_shards"] = {"total": 2, "failed": 1, "failures": [failure]}
    return body


def _nothing() -> None:
    pass


def ask_index(
    target: str,
    method: str,
    *arguments: Any,
    connection: dict[str, Any] | None = None,
    then: Callable[[], Any] = _nothing,
    client: Any = None,
    **options: Any,
) -> Any:
    given = {"connection": connection, "client": client}
    if method == "create":
        HybridIndex.create(target, schema=SCHEMA, encoder=None, **given).close()
        return None
    with HybridIndex.open(target, **given) as index:
        then()
        return getattr(index, method)(*arguments, **options)


def ask_index_async(
    target: str,
    method: str,
    *arguments: Any,
    connection: dict[str, Any] | None = None,
    then: Callable[[], Any] = _nothing,
    client: Any = None,
    **options: Any,
) -> Any:
    given = {"connection": connection, "client": client}

    async def perform() -> Any:
        if method == "create":
            made = await AsyncHybridIndex.create(target, schema=SCHEMA, encoder=None, **given)
            return await made.close()
        async with await AsyncHybridIndex.open(target, **given) as index:
            then()
            return await getattr(index, method)(*arguments, **options)

    return asyncio.run(perform())
