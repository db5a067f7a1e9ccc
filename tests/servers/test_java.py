"""A Java of the right major version is found, wherever it is named or installed."""

from __future__ import annotations

from pathlib import Path

import pytest

from servers import java
from servers.errors import ServerUnavailable
from servers.java import java_home


@pytest.fixture(autouse=True)
def none_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Hides the machine's own."""
    for variable in ("JAVA_HOME", "JAVA_HOME_17", "JAVA_HOME_25"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setattr(java, "INSTALLED", tmp_path / "jvm")


def jdk(home: Path, version: str) -> Path:
    """Something that says it is a Java of this version."""
    (home / "bin").mkdir(parents=True)
    (home / "bin" / "javac").touch()
    program = home / "bin" / "java"
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
    program.chmod(0o755)
    return home


def test_the_installed_one_of_the_version_is_found(tmp_path: Path) -> None:
    jdk(tmp_path / "jvm" / "a", "17.0.15")
    newer = jdk(tmp_path / "jvm" / "b", "25")
    (tmp_path / "jvm" / "c").mkdir()
    assert java_home(25) == newer


def test_a_better_version_wins_over_a_worse(tmp_path: Path) -> None:
    older = jdk(tmp_path / "jvm" / "a", "17.0.15")
    assert java_home(25, 17) == older
    newer = jdk(tmp_path / "jvm" / "b", "25.0.1")
    assert java_home(25, 17) == newer


def test_the_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jdk(tmp_path / "jvm" / "a", "17.0.1")
    plain = jdk(tmp_path / "plain", "17.0.2")
    named = jdk(tmp_path / "named", "17.0.3")
    monkeypatch.setenv("JAVA_HOME", str(plain))
    assert java_home(17) == plain
    monkeypatch.setenv("JAVA_HOME_17", str(named))
    assert java_home(17) == named


def test_the_one_on_the_path_is_found(tmp_path: Path) -> None:
    home = jdk(tmp_path / "elsewhere", "25")
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "java").symlink_to(home / "bin" / "java")
    assert java_home(25) == home


def test_the_reason_says_what_to_do(tmp_path: Path) -> None:
    jdk(tmp_path / "jvm" / "a", "17.0.15")
    with pytest.raises(ServerUnavailable, match="Java 25 was not found: set JAVA_HOME_25 to"):
        java_home(25)
