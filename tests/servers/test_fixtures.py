"""The fixtures use a server that is given, and tell why where there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from servers import java
from servers.fixtures import serving


@pytest.fixture
def no_java(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("JAVA_HOME", "JAVA_HOME_17", "HYBRIDSEARCH_TEST_OPENSEARCH_2"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(java, "INSTALLED", tmp_path)


@pytest.mark.usefixtures("no_java")
def test_without_java_a_test_is_skipped_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with serving() as url, pytest.raises(pytest.skip.Exception, match="Java 17 was not found"):
        url("opensearch-2")


@pytest.mark.usefixtures("no_java")
def test_in_continuous_integration_it_fails_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    with serving() as url, pytest.raises(pytest.fail.Exception, match="Java 17 was not found"):
        url("opensearch-2")


@pytest.mark.usefixtures("no_java")
def test_a_given_server_is_used_instead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HYBRIDSEARCH_TEST_OPENSEARCH_2", "http://search.example:9200/")
    with serving() as url:
        assert url("opensearch-2") == "http://search.example:9200"
