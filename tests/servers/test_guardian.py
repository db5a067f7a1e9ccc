"""No process and no folder of a server outlives the process that started it, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from servers import guardian
from servers.errors import ServerUnavailable
from servers.fixtures import go_without
from servers.install import installed
from servers.java import java_home
from servers.recipes import RECIPES

SERVE = Path(__file__).with_name("serve.py")
SERVER = ["sh", "-c", "sleep 600 & sleep 600"]

# Starts a guardian, forks a child that inherits its pipe, and waits to be killed.
FORKS = """
import os, subprocess, sys, time
guardian = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE)
child = os.fork()
if child:
    print(child, flush=True)
time.sleep(600)
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "of-the-server"
    made.mkdir()
    (made / "data").write_text("some")
    return made


@pytest.fixture
def guard(folder: Path) -> list[str]:
    """The command of a guardian for a server of three processes."""
    account = [str(os.getuid()), str(os.getgid())]
    return [sys.executable, "-I", guardian.__file__, str(folder), *account, *SERVER]


@pytest.fixture
def guarded(guard: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(guard, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as started:
        yield started


@pytest.fixture
def elasticsearch() -> str:
    """The name of a server that runs as two processes, installed."""
    recipe = RECIPES["elasticsearch"]
    try:
        installed(recipe, java_home(*recipe.java))
    except ServerUnavailable as reason:
        go_without(reason)
    return recipe.name


def until(reached: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def below(pid: int, count: int) -> list[psutil.Process]:
    """The processes that this one and its children started, once there are so many."""
    process = psutil.Process(pid)
    until(lambda: len(process.children(recursive=True)) >= count)
    return list(process.children(recursive=True))


def gone(process: psutil.Process) -> bool:
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def all_gone(processes: list[psutil.Process]) -> bool:
    return all(gone(process) for process in processes)


def test_closing_the_pipe_ends_the_server(guarded: subprocess.Popen[bytes], folder: Path) -> None:
    processes = below(guarded.pid, 3)
    guarded.communicate()
    assert all_gone(processes)
    assert not folder.exists()


def test_a_terminated_guardian_ends_the_server(
    guarded: subprocess.Popen[bytes], folder: Path
) -> None:
    processes = below(guarded.pid, 3)
    guarded.terminate()
    guarded.wait()
    assert all_gone(processes)
    assert not folder.exists()


def test_a_server_that_ended_keeps_its_folder_until_its_parent_lets_go(
    guarded: subprocess.Popen[bytes], folder: Path
) -> None:
    processes = below(guarded.pid, 3)
    for process in processes:
        process.kill()
    until(lambda: all_gone(processes))
    assert guarded.poll() is None
    assert (folder / guardian.OUTPUT).exists()
    guarded.communicate()
    assert not folder.exists()


def test_a_fork_that_keeps_the_pipe_open_keeps_no_server(guard: list[str], folder: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", FORKS, *guard], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        processes = below(parent.pid, 5)
        parent.kill()
    fork = next(process for process in processes if FORKS in process.cmdline())
    try:
        until(lambda: all_gone([process for process in processes if process != fork]))
        assert not folder.exists()
        assert not gone(fork)
    finally:
        fork.kill()


def test_a_killed_process_leaves_no_server(elasticsearch: str) -> None:
    with subprocess.Popen(
        [sys.executable, SERVE, elasticsearch], stdout=subprocess.PIPE
    ) as serving:
        assert serving.stdout is not None
        address = urlsplit(serving.stdout.readline().decode().strip())
        processes = below(serving.pid, 3)
        folder = Path(processes[0].cmdline()[3])
        assert (folder / "data").is_dir()
        serving.kill()
    until(lambda: all_gone(processes))
    assert not folder.exists()
    with socket.socket() as probe:
        assert probe.connect_ex((address.hostname, address.port)) != 0


def test_a_server_can_be_ended_while_it_starts(elasticsearch: str) -> None:
    with subprocess.Popen(
        [sys.executable, SERVE, elasticsearch], stdout=subprocess.PIPE
    ) as serving:
        processes = below(serving.pid, 2)
        serving.send_signal(signal.SIGTERM)
        assert serving.wait() == 0
    until(lambda: all_gone(processes))
