"""Privileges as docs/operating.md has them: Elasticsearch's are enough, and none is too much.

They are those of users, since the server of the tests can keep no keys; the words are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from pages import ROOT
from servers.fault_proxy import Exchange, fault_proxy, pass_through, status
from servers.secured import Secured, User

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import ForbiddenError, NotAuthenticatedError, UnsupportedServerError
from hybridsearch.wiring.rollout.roll_out import roll_out
from hybridsearch.wiring.rollout.wanted import Wanted

PAGE = ROOT / "docs" / "operating.md"
SCHEMA = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 2}})
BOOK = {"id": "whale", "title": "whales", "dense": [0.6, 0.8]}
ALONE = {"replicas": 0}
TASKS = ("search", "load", "make an index", "roll out, prune")
LOG = "write a query log, on its index"


def told(task: str) -> tuple[list[str], list[str]]:
    """Privileges of the cluster and of the index, those that this task adds for the index."""
    text = PAGE.read_text(encoding="utf-8")
    row = re.search(rf"^\| {task} \|([^|]*)\|([^|]*)\|", text, re.MULTILINE)
    assert row is not None
    return re.findall(r"`(\w+)`", row[1]), re.findall(r"`(\w+)`", row[2])


def privileges(task: str) -> tuple[list[str], list[str]]:
    """All privileges of a task: the table says what each needs beside those above it."""
    above = TASKS[: TASKS.index(task) + 1]
    return told(task)[0], [name for each in above for name in told(each)[1]]


def created(target: str, connection: Mapping[str, Any]) -> HybridIndex:
    return HybridIndex.create(
        target, schema=SCHEMA, encoder=None, settings=ALONE, connection=connection
    )


@pytest.fixture
def secured(secured_elasticsearch: Secured) -> Secured:
    return secured_elasticsearch


@pytest.fixture
def target(secured: Secured) -> Iterator[str]:
    """`books`, with a document in it."""
    target = f"elasticsearch:{secured.url.removeprefix('http:')}/books"
    with created(target, secured.superuser.connection) as index:
        index.add([BOOK])
    yield target
    found = secured.ask("GET", "/books,books-*/_alias?ignore_unavailable=true")
    secured.ask("DELETE", f"/{','.join(found)}")


def search(target: str, connection: Mapping[str, Any]) -> None:
    with HybridIndex.open(target, connection=connection) as index:
        index.search("whales", vector=[0.6, 0.8])
        index.get("whale")


def load(target: str, connection: Mapping[str, Any]) -> None:
    with HybridIndex.open(target, connection=connection) as index:
        index.add([BOOK])


def make(target: str, connection: Mapping[str, Any]) -> None:
    created(f"{target}-new", connection).close()


def roll(target: str, connection: Mapping[str, Any]) -> None:
    roll_out(target, Wanted(replace_index=True), connection=connection)


DOING: dict[str, Callable[[str, Mapping[str, Any]], None]] = dict(
    zip(TASKS, (search, load, make, roll), strict=True)
)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_whoever_may_what_the_page_says_can_do_it(task: str, secured: Secured, target: str) -> None:
    cluster, index = privileges(task)
    user = secured.user(cluster, {"books": index, "books-*": index})
    DOING[task](target, user.connection)


def closed_root(exchange: Exchange) -> None:
    """`GET /` of the server of the tests is a plugin's, which answers anybody."""
    (status(403) if exchange.request.path == "/" else pass_through)(exchange)


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_each_privilege_is_needed(task: str, secured: Secured, target: str) -> None:
    cluster, index = privileges(task)
    for lacking in told(task)[1]:
        less = [name for name in index if name != lacking]
        user = secured.user(cluster, {"books": less, "books-*": less})
        with pytest.raises(ForbiddenError):
            DOING[task](target, user.connection)
    user = secured.user([], {"books": index, "books-*": index})
    with fault_proxy(secured.url) as proxy:
        proxy.fault = closed_root
        place = f"elasticsearch:{proxy.url.removeprefix('http:')}/books"
        with pytest.raises(UnsupportedServerError, match="cluster privilege 'monitor'"):
            DOING[task](place, user.connection)


def logged(target: str, log: str, user: User) -> tuple[int, int]:
    """Records of a search that were written, and that were dropped."""
    with HybridIndex.open(target, query_log=log, connection=user.connection) as index:
        index.search("whales", retrievers=["lexical"])
    assert index.query_log is not None
    return index.query_log.written, index.query_log.dropped


@pytest.mark.slow
def test_a_query_log_needs_what_the_page_says(secured: Secured, target: str) -> None:
    cluster, may = told(LOG)
    search_cluster, search_index = privileges("search")
    log = target.replace("/books", "/books-log")

    def user(granted: list[str]) -> User:
        return secured.user(
            [*cluster, *search_cluster], {"books": search_index, "books-log": granted}
        )

    for lacking in may:
        assert logged(target, log, user([name for name in may if name != lacking])) == (0, 1)
    assert logged(target, log, user(may)) == (1, 0)


@pytest.mark.slow
def test_the_pages_key_searches(secured: Secured, target: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    request = re.search(r"```text\nPOST /_security/api_key\n(.*?)```", text, re.DOTALL)
    assert request is not None
    ((_, role),) = json.loads(request[1])["role_descriptors"].items()
    ((names, may),) = [(each["names"], each["privileges"]) for each in role["indices"]]
    user = secured.user(role["cluster"], dict.fromkeys(names, may))
    search(target, user.connection)
    with pytest.raises(ForbiddenError):
        load(target, user.connection)


@pytest.mark.slow
def test_a_wrong_password_is_told(target: str) -> None:
    with pytest.raises(NotAuthenticatedError):
        search(target, {"username": "nobody", "password": "wrong"})
