"""A server's process: started with a folder of its own, waited for, killed, stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from servers import guardian
from servers.account import Account, server_account
from servers.ask import RefusedError, ask
from servers.errors import ServerStartError
from servers.install import installed
from servers.java import java_home
from servers.ports import free_ports
from servers.recipes import RECIPES, Recipe

PATIENCE_SECONDS = 240
# For Java where speed is not measured: tests ask for little of anything often enough to compile it
# a second time, and better.
COMPILED_ONCE = "-XX:TieredStopAtLevel=1"


@dataclass(frozen=True)
class Server:
    """One running server: where it answers, its process group, its folder of data and logs."""

    url: str
    group: int
    folder: Path
    guardian: subprocess.Popen[bytes]

    def kill(self) -> None:
        """End its processes as kill -9 does, and wait for that; its folder stays until `stop`."""
        os.killpg(self.group, signal.SIGKILL)
        while self.runs:
            time.sleep(0.02)

    def start_again(self) -> Server:
        """Kill it, and start it once more on its data; does not wait until it answers."""
        self.kill()
        assert self.guardian.stdin is not None
        assert self.guardian.stdout is not None
        self.guardian.stdin.write(b"again\n")
        self.guardian.stdin.flush()
        return replace(self, group=int(self.guardian.stdout.readline()))

    def stop(self) -> None:
        """End its processes and remove its folder; returns when both are done."""
        self.guardian.communicate(timeout=60)

    @property
    def runs(self) -> bool:
        try:
            os.killpg(self.group, 0)
        except ProcessLookupError:
            return False
        return True

    @property
    def output(self) -> str:
        """The end of what it wrote on stdout and stderr."""
        return (self.folder / guardian.OUTPUT).read_text(errors="replace")[-4000:]


@contextmanager
def running(name: str, options: str = "") -> Iterator[Server]:
    """The server of this recipe, on its own: answering when this is entered, gone when left.

    options: of its Java, beside its heap.
    """
    with _alone(name, options, {}, lambda url: _healthy(url, nodes=1)) as server:
        yield server


@contextmanager
def without_its_state(name: str, options: str = "") -> Iterator[Server]:
    """The same, but it waits for a second node, which does not come: it answers, and knows none of
    its indices."""
    waiting = {"gateway.recover_after_data_nodes": "2"}
    with _alone(name, options, waiting, lambda url: _health(url) is not None) as server:
        yield server


@contextmanager
def _alone(
    name: str, options: str, settings: Mapping[str, str], ready: Callable[[str], bool]
) -> Iterator[Server]:
    http_port, transport_port = free_ports(2)
    alone = {"discovery.type": "single-node", "transport.port": str(transport_port), **settings}
    server = launch(RECIPES[name], http_port, alone, f"-Xms1g -Xmx1g {options}")
    try:
        _wait_until(server, ready)
        yield server
    finally:
        server.stop()


def launch(recipe: Recipe, http_port: int, settings: Mapping[str, str], options: str) -> Server:
    """Start the server's process with these settings besides its recipe's; does not wait."""
    java, account = java_home(*recipe.java), server_account()
    home = installed(recipe, java)
    account.check_reach(Path(tempfile.gettempdir()).absolute())
    folder = Path(tempfile.mkdtemp(prefix=f"hybridsearch-{recipe.name}-"))
    try:
        _furnish(folder, home / "config")
        account.own(folder)
    except BaseException:
        shutil.rmtree(folder)
        raise
    command = _command(recipe, home, folder, {**settings, "http.port": str(http_port)})
    environment = _environment(recipe, java, folder, options)
    return guarded(f"http://127.0.0.1:{http_port}", command, folder, account, environment)


def guarded(
    url: str, command: list[str], folder: Path, account: Account, environment: Mapping[str, str]
) -> Server:
    """Start a server that ends, and whose folder is removed, whenever this process ends."""
    guarding = [sys.executable, "-I", guardian.__file__]
    process = subprocess.Popen(
        [*guarding, str(folder), str(account.user), str(account.group), *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        env=dict(environment),
    )
    assert process.stdout is not None
    group = process.stdout.readline()
    if not group:
        process.communicate()
        raise ServerStartError(f"{command[0]} could not be run; see stderr")
    return Server(url, int(group), folder, process)


def _furnish(folder: Path, config: Path) -> None:
    """Folders for what a server keeps, and its configuration, to which it adds."""
    for name in ("data", "logs", "snapshots", "temporary"):
        (folder / name).mkdir()
    shutil.copytree(config, folder / "config")
    # The JVM's own logs would go below the server's home, which is not the server's to write.
    jvm = folder / "config" / "jvm.options"
    options = jvm.read_text().replace("logs/", f"{folder / 'logs'}/")
    jvm.write_text(options.replace("HeapDumpPath=data", f"HeapDumpPath={folder / 'logs'}"))


def _command(recipe: Recipe, home: Path, folder: Path, settings: Mapping[str, str]) -> list[str]:
    given = {
        **recipe.settings,
        **settings,
        "path.data": str(folder / "data"),
        "path.logs": str(folder / "logs"),
        "path.repo": str(folder / "snapshots"),
    }
    return [str(home / "bin" / recipe.product), *(f"-E{key}={given[key]}" for key in given)]


def _environment(recipe: Recipe, java: Path, folder: Path, options: str) -> dict[str, str]:
    prefix = "ES" if recipe.product == "elasticsearch" else "OPENSEARCH"
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        f"{prefix}_JAVA_HOME": str(java),
        f"{prefix}_JAVA_OPTS": options,
        f"{prefix}_PATH_CONF": str(folder / "config"),
        f"{prefix}_TMPDIR": str(folder / "temporary"),
    }


def wait_for(server: Server, nodes: int) -> None:
    """Until the server is healthy in a cluster of so many nodes."""
    _wait_until(server, lambda url: _healthy(url, nodes))


def _wait_until(server: Server, ready: Callable[[str], bool]) -> None:
    """Raises ServerStartError where it takes too long, or ends."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not ready(server.url):
        if not server.runs:
            raise ServerStartError(f"the server ended; it wrote last:\n{server.output}")
        if time.monotonic() > end:
            raise ServerStartError(
                f"no answer at {server.url} in {PATIENCE_SECONDS} s;"
                f" it wrote last:\n{server.output}"
            )
        time.sleep(0.2)


def _healthy(url: str, nodes: int) -> bool:
    health = _health(url)
    return health is not None and health["status"] != "red" and health["number_of_nodes"] == nodes


def _health(url: str) -> Any | None:
    """What it says of its cluster, None where it does not answer."""
    try:
        return ask("GET", f"{url}/_cluster/health")
    except (OSError, RefusedError):
        return None
