"""Privileges as docs/operating.md has them: Elasticsearch's are enough, and none is too much.

They are those of users, since the server of the tests can keep no keys; the words are the same.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import ElasticsearchWarning
from pages import ROOT
from privileged_tasks import APART, BOOK, ROWS, Doing, created, load, search
from servers.fault_proxy import Exchange, fault_proxy, pass_through, status
from servers.secured import Secured, User

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import ForbiddenError, NotAuthenticatedError, UnsupportedServerError
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.adoption.wanted import Wanted
from hybridsearch.wiring.backfilling import backfill

PAGE = ROOT / "docs" / "operating.md"
LOG = "write a query log, on its index"
DOING = [(task, do) for task, each in (ROWS | APART).items() for do in each]
every_task = pytest.mark.parametrize(("task", "do"), DOING, ids=[do.__name__ for _, do in DOING])


def told(task: str) -> tuple[list[str], list[str]]:
    """Privileges of the cluster and of the index, those that this task adds for the index."""
    text = PAGE.read_text(encoding="utf-8")
    row = re.search(rf"^\| {task} \|([^|]*)\|([^|]*)\|", text, re.MULTILINE)
    assert row is not None
    return re.findall(r"`(\w+)`", row[1]), re.findall(r"`(\w+)`", row[2])


def privileges(task: str) -> tuple[list[str], list[str]]:
    """All privileges of a task."""
    if task in APART:
        return told(task)
    rows = list(ROWS)
    above = rows[: rows.index(task) + 1]
    return told(task)[0], [name for each in above for name in told(each)[1]]


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


@pytest.fixture
def encoder(tiny_model: Path) -> str:
    return f"transformers:{tiny_model}"


@pytest.fixture
def theirs(secured: Secured, target: str, encoder: str) -> str:
    """`books-theirs` beside it, with a document that lacks its vector."""
    fields = {"title": {"type": "text"}}
    settings = {"number_of_replicas": 0}
    body = {"settings": settings, "mappings": {"properties": fields}}
    secured.ask("PUT", "/books-theirs", body)
    secured.ask("PUT", "/books-theirs/_doc/whale?refresh=true", {"title": "whales and ships"})
    theirs = f"{target}-theirs"
    adopt(theirs, Wanted(encoder=encoder), connection=secured.superuser.connection)
    return theirs


@pytest.mark.slow
@pytest.mark.usefixtures("theirs")
@every_task
def test_whoever_may_what_the_page_says_can_do_it(
    task: str, do: Doing, secured: Secured, target: str
) -> None:
    cluster, index = privileges(task)
    user = secured.user(cluster, {"books": index, "books-*": index})
    do(target, user.connection)


def closed_root(exchange: Exchange) -> None:
    """`GET /` of the server of the tests is a plugin's, which answers anybody."""
    (status(403) if exchange.request.path == "/" else pass_through)(exchange)


@pytest.mark.slow
@pytest.mark.usefixtures("theirs")
@every_task
def test_each_privilege_is_needed(task: str, do: Doing, secured: Secured, target: str) -> None:
    cluster, index = privileges(task)
    for lacking in told(task)[1]:
        less = [name for name in index if name != lacking]
        user = secured.user(cluster, {"books": less, "books-*": less})
        with pytest.raises(ForbiddenError):
            do(target, user.connection)
    user = secured.user([], {"books": index, "books-*": index})
    with fault_proxy(secured.url) as proxy:
        proxy.fault = closed_root
        place = f"elasticsearch:{proxy.url.removeprefix('http:')}/books"
        with pytest.raises(UnsupportedServerError, match="cluster privilege 'monitor'"):
            do(place, user.connection)


@pytest.mark.slow
def test_looking_at_an_index_needs_what_searching_needs(secured: Secured, theirs: str) -> None:
    cluster, index = privileges("search")
    user = secured.user(cluster, {"books-*": index})
    assert adopt(theirs, dry_run=True, connection=user.connection).documents == 1
    with pytest.raises(ForbiddenError):
        adopt(theirs, connection=user.connection)


@pytest.mark.slow
def test_a_backfill_that_adds_its_field_needs_what_adopting_needs(
    secured: Secured, target: str, encoder: str
) -> None:
    plain = f"{target}-plain"
    superuser = secured.superuser.connection
    with HybridIndex.create(
        plain, schema=Schema(text=["title"], dense={}), encoder=None, connection=superuser
    ) as index:
        index.add([{"id": "whale", "title": "whales and ships"}])
    cluster, may = privileges("load, sync, backfill")
    user = secured.user(cluster, {"books-*": may})
    with pytest.raises(ElasticsearchWarning, match="must be granted explicit privileges"):
        backfill(plain, encoder=encoder, connection=user.connection)
    user = secured.user(cluster, {"books-*": may + privileges("adopt")[1]})
    assert backfill(plain, encoder=encoder, connection=user.connection).filled == 1


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
