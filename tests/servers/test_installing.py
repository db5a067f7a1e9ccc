"""Servers are installed whole or not at all, once, and where those who run them can read them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from servers.account import server_account
from servers.cache import making
from servers.errors import ServerUnavailable
from servers.maven import Artifact, fetch

INSTALL = """
import pathlib, sys, time
sys.path.insert(0, sys.argv[1])
from servers.cache import making
with making(pathlib.Path(sys.argv[2]), "some") as part:
    if part is None:
        print("found")
    else:
        (part / "home").mkdir()
        print("made", flush=True)
        time.sleep(float(sys.argv[3]))
        (part / "home" / "whole").touch()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "server-1.0"


def installing(folder: Path, seconds: float) -> subprocess.Popen[bytes]:
    tests = str(Path(__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", INSTALL, tests, folder, str(seconds)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def test_of_two_at_once_one_installs(folder: Path) -> None:
    with installing(folder, 0.5) as one, installing(folder, 0.5) as other:
        outputs = {process.communicate()[0].strip() for process in (one, other)}
    assert outputs == {b"made", b"found"}
    assert (folder / "whole").exists()


def test_a_killed_install_leaves_nothing_half_done(folder: Path) -> None:
    with installing(folder, 600) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"made\n"
        process.kill()
    assert not folder.exists()
    with making(folder, "some") as part:
        assert part is not None
        assert not list(part.iterdir())
        (part / "home").mkdir()
    assert folder.is_dir()
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [folder.name]


def test_without_maven_the_reason_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ServerUnavailable, match="`mvn` is not on the path"):
        fetch([Artifact("org.some", "server", "1.0", "zip")], tmp_path)


def test_a_folder_closed_to_the_servers_user_is_refused(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("servers run as ourselves, to whom our folders are open")
    tmp_path.chmod(0o700)
    with pytest.raises(ServerUnavailable, match=f"cannot enter {tmp_path}"):
        server_account().check_reach(tmp_path)
