"""The asynchronous index does what the synchronous one does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from vectors import random_units

from hybridsearch import AsyncHybridIndex, HybridIndex, IndexReport, Schema, SearchResponse
from hybridsearch.errors import QueryError


def documents(count: int) -> list[dict[str, Any]]:
    vectors = random_units(count, seed=2)
    return [
        {"id": f"d{n:03d}", "title": f"word {n % 7}", "year": n % 5, "dense": vectors[n]}
        for n in range(count)
    ]


async def streamed(count: int) -> AsyncIterator[dict[str, Any]]:
    for document in documents(count):
        await asyncio.sleep(0)
        yield document


async def test_both_give_equal_answers(target: str, schema: Schema) -> None:
    query = random_units(1, seed=9)[0]
    async with await AsyncHybridIndex.create(target, schema=schema, encoder=None) as index:
        report = await index.add(streamed(700))
        assert (report.indexed, report.failed) == (700, 0)
        response = await index.search("word 3", vector=query, k=20, explain=True)
        many = await index.search_many(["word", "3"], retrievers=["lexical"])
        counted = await index.count("year == 3")
        info = await index.info()
        got = await index.get("d003")
    with HybridIndex.open(target) as same:
        assert same.search("word 3", vector=query, k=20, explain=True).hits == response.hits
        alike = same.search_many(["word", "3"], retrievers=["lexical"])
        assert [r.hits for r in alike] == [r.hits for r in many]
        assert same.count("year == 3") == counted == 140
        assert same.info().documents == info.documents == 700
        assert same.get("d003") == got


async def test_searches_run_side_by_side_while_documents_are_added(
    target: str, schema: Schema
) -> None:
    query = random_units(1)[0]
    async with await AsyncHybridIndex.create(target, schema=schema, encoder=None) as index:
        await index.add(documents(100))
        searches = [index.search("word", vector=query, k=5) for _ in range(20)]
        report, *responses = await asyncio.gather(index.add(documents(600)), *searches)
        assert isinstance(report, IndexReport)
        assert report.indexed == 600
        found = [given for given in responses if isinstance(given, SearchResponse)]
        assert [len(given.hits) for given in found] == [5] * 20
        await index.refresh()
        assert await index.count() == 600
        assert await index.delete(["d001", "none"]) == 1


async def test_errors_are_the_same(target: str, schema: Schema) -> None:
    async with await AsyncHybridIndex.create(target, schema=schema, encoder=None) as index:
        with pytest.raises(QueryError, match="empty"):
            await index.search("")
        with pytest.raises(QueryError, match="into a list"):
            await index.add({"id": "1", "title": "x"})

        async def failing() -> AsyncIterator[dict[str, Any]]:
            for document in documents(600):
                yield document
            raise RuntimeError("the source broke")

        with pytest.raises(RuntimeError, match="the source broke"):
            await index.add(failing())
        assert await index.count() == 600
