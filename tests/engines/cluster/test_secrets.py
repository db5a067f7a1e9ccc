"""Credentials reach the server and nobody else: no log, no message, no traceback, no output."""

from __future__ import annotations

import base64
import logging
import subprocess
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_places import SCHEMA, Ask, Place
from command_line import SCRIPT
from servers.fault_proxy import FaultProxy, reset, silent, status

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.errors import (
    ConfigurationError,
    EngineError,
    HybridSearchError,
    NotAuthenticatedError,
)

SECRET = "s3cr3t-Zx91"
ENCODED = base64.b64encode(f"me:{SECRET}".encode()).decode()
CREDENTIALS: dict[str, tuple[dict[str, Any], str]] = {
    "api key": ({"api_key": SECRET}, f"ApiKey {SECRET}"),
    "password": ({"username": "me", "password": SECRET}, f"Basic {ENCODED}"),
    "bearer": ({"bearer": SECRET}, f"Bearer {SECRET}"),
}
TROUBLE = {"401": status(401), "403": status(403), "reset": reset, "silence": silent}


def is_clean(text: str) -> bool:
    return SECRET not in text and ENCODED not in text and ENCODED[:12] not in text


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Every record of every logger, at every level, as it would be written."""
    lines: list[str] = []

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.extend((self.format(record), repr(record.__dict__)))

    keeper = Keeper()
    names = [None, *logging.root.manager.loggerDict]
    before = [(logging.getLogger(name), logging.getLogger(name).level) for name in names]
    logging.root.addHandler(keeper)
    for logger, _ in before:
        logger.setLevel(logging.DEBUG)
    yield lines
    logging.root.removeHandler(keeper)
    for logger, level in before:
        logger.setLevel(level)


def told_of(error: BaseException) -> str:
    """All that is shown of an error and of those behind it, by whoever shows it."""
    shown = [*traceback.format_exception(error)]
    waiting: list[BaseException | None] = [error]
    while waiting:
        behind = waiting.pop()
        if behind is not None:
            shown += [str(behind), repr(behind), repr(behind.args), repr(vars(behind))]
            waiting += [behind.__cause__, behind.__context__]
    return "\n".join(shown)


@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_a_run_in_trouble_shows_no_secret(
    filled: Place,
    proxy: FaultProxy,
    asked: Ask,
    logged: list[str],
    capfd: pytest.CaptureFixture[str],
    kind: str,
    trouble: str,
) -> None:
    given, header = CREDENTIALS[kind]

    def begin() -> None:
        proxy.fault = TROUBLE[trouble]

    connection = {**given, "timeout": 0.4}
    with pytest.raises(EngineError) as caught:
        asked(filled.through(proxy.url), "search", "word", connection=connection, then=begin)
    assert proxy.requests[-1].headers["authorization"] == header
    assert logged
    assert is_clean("\n".join(logged))
    assert is_clean(told_of(caught.value))
    assert is_clean("".join(capfd.readouterr()))


def test_a_wrong_key_is_told_with_where_to_give_the_right_one(
    filled: Place, proxy: FaultProxy, asked: Ask
) -> None:
    proxy.fault = status(401)
    with pytest.raises(NotAuthenticatedError, match=r"does not know who is asking.*_API_KEY"):
        asked(filled.through(proxy.url), "count", connection={"api_key": SECRET})


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_command_line_shows_no_secret_even_with_a_traceback(
    filled: Place, proxy: FaultProxy, tmp_path: Path, kind: str
) -> None:
    given, header = CREDENTIALS[kind]
    environment = {f"HYBRIDSEARCH_{name.upper()}": value for name, value in given.items()}
    proxy.fault = status(401)
    run = command("--debug", "info", filled.through(proxy.url), folder=tmp_path, env=environment)
    assert "does not know who is asking" in run.stderr
    assert "Traceback" in run.stderr
    assert is_clean(run.stdout + run.stderr)
    assert proxy.requests[0].headers["authorization"] == header


def command(
    *arguments: str, folder: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """The command line, which fails."""
    run = subprocess.run(
        [str(SCRIPT), *arguments],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=60,
        check=False,
        env=env,
    )
    assert run.returncode == 1
    return run


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_credentials_come_from_the_environment(
    filled: Place, proxy: FaultProxy, asked: Ask, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    given, header = CREDENTIALS[kind]
    for name, value in given.items():
        monkeypatch.setenv(f"HYBRIDSEARCH_{name.upper()}", value)
    assert asked(filled.through(proxy.url), "count") == 40
    assert {request.headers["authorization"] for request in proxy.requests} == {header}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"api_key": SECRET, "bearer": SECRET}, "give one of api_key"),
        ({"api_key": SECRET, "username": "me", "password": SECRET}, "give one of api_key"),
        ({"password": SECRET}, "username and password go together"),
        ({"username": SECRET}, "username and password go together"),
        ({"apikey": SECRET}, "apikey"),
        ({"api_key": [SECRET]}, "api_key"),
        ({"timeout": SECRET}, "timeout"),
        ({"timeout": 0, "password": SECRET, "username": "me"}, "timeout"),
        ({"ca_certs": {SECRET: 1}}, "ca_certs"),
    ],
)
def test_settings_that_cannot_be_are_told_without_what_was_given(
    given: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        Connection.of(given)
    assert is_clean(told_of(caught.value))


def test_settings_and_environment_that_conflict_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_API_KEY", SECRET)
    with pytest.raises(ConfigurationError, match=r"give one of .*environment counts too") as caught:
        Connection.of({"bearer": "other"})
    assert is_clean(told_of(caught.value))
    assert is_clean(repr(Connection.of(None)))
    assert is_clean(str(Connection.of(None).model_dump()))


@pytest.mark.parametrize(
    "location",
    [
        f"//me:{SECRET}@host:9200/books",
        f"//me:{SECRET}@host:9200",
        f"//me:{SECRET}/x@host:9200/books",
        f"me:{SECRET}@host/books",
    ],
)
def test_credentials_in_a_target_are_refused_and_not_repeated(product: str, location: str) -> None:
    target = f"{product}:{location}"
    with pytest.raises(HybridSearchError, match="HYBRIDSEARCH_PASSWORD") as caught:
        HybridIndex.create(target, schema=SCHEMA, encoder=None)
    assert is_clean(told_of(caught.value))


def test_the_command_line_does_not_repeat_them_either(product: str, tmp_path: Path) -> None:
    target = f"{product}://me:{SECRET}@host:9200"
    run = command("--debug", "info", target, folder=tmp_path)
    assert "HYBRIDSEARCH_PASSWORD" in run.stderr
    assert is_clean(run.stdout + run.stderr)
