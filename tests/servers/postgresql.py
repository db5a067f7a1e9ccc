"""A real PostgreSQL with a folder of its own: the machine's, else Debian's package."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from servers.account import server_account
from servers.errors import ServerStartError, ServerUnavailable
from servers.ports import free_ports
from servers.process import PATIENCE_SECONDS, Server, guarded
from servers.progress import tell

INSTALLED = Path("/usr/lib/postgresql")
USER = "ann"
PASSWORD = "se:cr@t/word"
_PACKAGE = "postgresql"


@dataclass(frozen=True)
class Database:
    """Where it answers, by user and password; `url` has no password in it."""

    url: str
    password: str


@contextmanager
def running_postgresql() -> Iterator[Database]:
    """The server: answering when this is entered, gone when left."""
    programs = _programs()
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="hybridsearch-postgresql-"))
    try:
        (folder / "password").write_text(PASSWORD)
        account.own(folder)
        _initialise(programs, folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    (port,) = free_ports(1)
    command = [
        str(programs / "postgres"),
        *("-D", str(folder / "data"), "-p", str(port), "-k", str(folder)),
        *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"),
    ]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    url = f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    server = guarded(url, command, folder, account, environment)
    try:
        _wait_for(server, port)
        yield Database(url, PASSWORD)
    finally:
        server.stop()


def _programs() -> Path:
    """The folder of `initdb` and `postgres`."""
    if found := _found():
        return found
    if os.environ.get("CI") == "true" and os.getuid() == 0 and shutil.which("apt-get"):
        tell("postgresql", f"installing Debian's package {_PACKAGE}")
        for arguments in (["update"], ["install", "--yes", "--no-install-recommends", _PACKAGE]):
            subprocess.run(
                ["apt-get", "--quiet", *arguments],
                check=False,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            )
        if found := _found():
            return found
    raise ServerUnavailable(
        f"PostgreSQL was not found: install Debian's package {_PACKAGE}, or put initdb and "
        "postgres on the path"
    )


def _found() -> Path | None:
    versions = sorted(
        (path for path in INSTALLED.glob("*/bin") if (path / "initdb").is_file()),
        key=lambda path: int(re.sub(r"\D", "", path.parent.name) or 0),
    )
    if versions:
        return versions[-1]
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


def _initialise(programs: Path, folder: Path) -> None:
    account = server_account()
    root = os.getuid() == 0
    done = subprocess.run(
        [
            str(programs / "initdb"),
            *("--pgdata", str(folder / "data"), "--username", USER, "--encoding", "UTF8"),
            *("--pwfile", str(folder / "password"), "--auth", "scram-sha-256", "--no-sync"),
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        user=account.user,
        group=account.group,
        extra_groups=[] if root else None,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"},
    )
    if done.returncode:
        raise ServerStartError(f"initdb failed:\n{done.stdout.strip()}")


def _wait_for(server: Server, port: int) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not _listens(port) or "ready to accept connections" not in server.output:
        if not server.runs:
            raise ServerStartError(f"PostgreSQL ended; it wrote last:\n{server.output}")
        if time.monotonic() > end:
            raise ServerStartError(f"PostgreSQL did not answer; it wrote last:\n{server.output}")
        time.sleep(0.05)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
