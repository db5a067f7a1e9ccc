"""Fixtures that give servers to tests: each is started when first asked for, and then kept.

`HYBRIDSEARCH_TEST_ELASTICSEARCH=url` names a server that runs already, to be used instead;
likewise `_ELASTICSEARCH_8`, `_OPENSEARCH` and `_OPENSEARCH_2`. It needs a `path.repo`, where one
test keeps a snapshot. Where a server cannot be had, the tests that ask for it are skipped with the
reason, and fail with it where `CI=true` is set.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from typing import NoReturn, TypeVar

import pytest

from servers.cluster import Cluster, running_cluster
from servers.errors import ServerStartError, ServerUnavailable
from servers.postgresql import Database, running_postgresql
from servers.process import COMPILED_ONCE, running
from servers.secured import Secured, running_secured

ServerUrl = Callable[[str], str]
Started = TypeVar("Started")


@contextmanager
def serving() -> Iterator[ServerUrl]:
    """A function from a recipe's name to its server's URL; all servers end when this is left."""
    with ExitStack() as started:

        @cache
        def url_or_failure(name: str) -> str | ServerUnavailable | ServerStartError:
            variable = f"HYBRIDSEARCH_TEST_{name.upper().replace('-', '_')}"
            if given := os.environ.get(variable):
                return given.rstrip("/")
            try:
                return started.enter_context(running(name, COMPILED_ONCE)).url
            except (ServerUnavailable, ServerStartError) as failure:
                return failure

        def server_url(name: str) -> str:
            found = url_or_failure(name)
            if isinstance(found, ServerUnavailable):
                go_without(found)
            if isinstance(found, ServerStartError):
                raise found
            return found

        yield server_url


def go_without(reason: ServerUnavailable) -> NoReturn:
    """Skip the test; in continuous integration, which is to have every server, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(str(reason), pytrace=False)
    pytest.skip(str(reason))


@contextmanager
def had(starting: AbstractContextManager[Started]) -> Iterator[Started]:
    """What this starts, until this is left; the test goes without where it cannot be had."""
    with ExitStack() as started:
        try:
            server = started.enter_context(starting)
        except ServerUnavailable as reason:
            go_without(reason)
        yield server


@pytest.fixture(scope="session")
def server_url() -> Iterator[ServerUrl]:
    """`server_url("opensearch-2")` is the URL of that server, the same one all session long."""
    with serving() as url:
        yield url


@pytest.fixture(scope="session")
def elasticsearch_url(server_url: ServerUrl) -> str:
    return server_url("elasticsearch")


@pytest.fixture(scope="session")
def elasticsearch_8_url(server_url: ServerUrl) -> str:
    return server_url("elasticsearch-8")


@pytest.fixture(scope="session")
def opensearch_url(server_url: ServerUrl) -> str:
    return server_url("opensearch")


@pytest.fixture(scope="session")
def opensearch_2_url(server_url: ServerUrl) -> str:
    return server_url("opensearch-2")


@pytest.fixture
def elasticsearch_cluster() -> Iterator[Cluster]:
    """Three nodes for one test, which may kill them."""
    with had(running_cluster(COMPILED_ONCE)) as cluster:
        yield cluster


@pytest.fixture(scope="session")
def secured_elasticsearch() -> Iterator[Secured]:
    """One that asks for passwords and keys, all session long."""
    with had(running_secured()) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """One PostgreSQL all session long."""
    with had(running_postgresql()) as database:
        yield database
