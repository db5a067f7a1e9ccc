"""Reading in the order of writes, whose numbers the shards of an index give by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.engines.cluster.views import WriteOrder

SHARDS = st.lists(st.sets(st.integers(0, 12), max_size=8), min_size=1, max_size=4)


def read(shards: list[set[int]], size: int) -> Iterator[str]:
    """The ids in the order that they come from servers, which answer those of one number in any."""
    hits: list[dict[str, Any]] = [
        {"_id": f"{shard}-{number}", "sort": [number]}
        for shard, numbers in enumerate(shards)
        for number in numbers
    ]
    hits.sort(key=lambda hit: hit["sort"])
    order = WriteOrder()
    while True:
        asked = order.page()
        (excluded,) = asked.get("query", {"bool": {"must_not": [None]}})["bool"]["must_not"]
        gone = set(excluded["terms"]["_id"]) if excluded else set()
        after = asked["search_after"][0]
        page = [hit for hit in hits if hit["sort"][0] > after and hit["_id"] not in gone][:size]
        order.take(page)
        yield from (str(hit["_id"]) for hit in page)
        if len(page) < size:
            return


@given(SHARDS, st.integers(1, 9))
def test_every_entry_comes_once_wherever_pages_end(shards: list[set[int]], size: int) -> None:
    wanted = [f"{at}-{number}" for at, numbers in enumerate(shards) for number in numbers]
    assert sorted(read(shards, size)) == sorted(wanted)


def test_what_was_written_after_the_end_is_not_of_the_reading() -> None:
    order = WriteOrder(until=4)
    assert [order.holds({"_id": str(at), "sort": [at]}) for at in (3, 4, 5)] == [True, True, False]


def test_a_query_is_asked_among_what_has_not_come() -> None:
    order = WriteOrder()
    query = {"term": {"lang": "en"}}
    assert order.page(query)["query"] == {"bool": {"filter": [query]}}
    order.take([{"_id": "a", "sort": [3]}, {"_id": "b", "sort": [4]}])
    order.take([{"_id": "c", "sort": [4]}])
    asked = order.page(query)
    assert asked["search_after"] == [3]
    gone = {"terms": {"_id": ["b", "c"]}}
    assert asked["query"] == {"bool": {"filter": [query], "must_not": [gone]}}
