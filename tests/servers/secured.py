"""Elasticsearch that asks who you are, with users that may do what they are made for and no more.

Users and roles are in its files, since the index for native ones needs parts that the small
distribution lacks; so do API keys.
"""

from __future__ import annotations

import base64
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from servers.errors import ServerStartError
from servers.ports import free_ports
from servers.process import COMPILED_ONCE, launch, wait_for
from servers.recipes import RECIPES

READING_SECONDS = 0.3
PATIENCE_SECONDS = 5.0
TRIES = 5
_SETTINGS = {
    "xpack.security.enabled": "true",
    "xpack.security.http.ssl.enabled": "false",
    "xpack.security.transport.ssl.enabled": "false",
    "resource.reload.interval.high": "100ms",
    # So that whoever waits for it may see its health.
    "xpack.security.authc.anonymous.roles": "anybody",
}
_ANYBODY = 'anybody: {"cluster": ["cluster:monitor/health"]}'


@dataclass(frozen=True)
class User:
    """Who somebody is, as a connection says it."""

    username: str
    password: str

    @property
    def connection(self) -> dict[str, str]:
        return {"username": self.username, "password": self.password}


@dataclass
class Secured:
    """url: where it answers those it knows; config: the folder of its files."""

    url: str
    config: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    @cached_property
    def superuser(self) -> User:
        return self.user(["all"], {"*": ["all"]})

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """A request of the superuser's."""
        return _ask(method, f"{self.url}{path}", self.superuser, body)

    def user(self, cluster: Sequence[str], indices: Mapping[str, Sequence[str]]) -> User:
        """A new user with these privileges: of the cluster, and of indices by their names."""
        granted = [{"names": [name], "privileges": list(may)} for name, may in indices.items()]
        role = json.dumps({"cluster": list(cluster), "indices": granted})
        for _ in range(TRIES):
            user = User(f"user{next(self._numbers)}", "a-users-password")
            self.append("roles.yml", f"{user.username}: {role}")
            time.sleep(READING_SECONDS)
            self.append("users_roles", f"{user.username}:{user.username}")
            self.append("users", f"{user.username}:{user.password}")
            end = time.monotonic() + PATIENCE_SECONDS
            while time.monotonic() < end:
                if self._knows(user):
                    return user
                time.sleep(0.05)
            # A role that it looked up before it had read it may stay unknown to it.
        raise ServerStartError(f"{self.url} does not read its files of users")

    def append(self, name: str, line: str) -> None:
        """Add a line to one of its files."""
        with (self.config / name).open("a", encoding="utf-8") as file:
            file.write(f"{line}\n")

    def _knows(self, user: User) -> bool:
        """Whether it has read the files, and the user has a role."""
        try:
            told = _ask("GET", f"{self.url}/_security/user/_privileges", user)
        except urllib.error.HTTPError as refused:
            refused.close()
            return False
        return bool(told["indices"])


def _ask(method: str, url: str, user: User, body: Any = None) -> Any:
    said = base64.b64encode(f"{user.username}:{user.password}".encode()).decode()
    headers = {"authorization": f"Basic {said}", "content-type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    request = urllib.request.Request(url, data, headers, method=method)
    with opener.open(request, timeout=60) as answer:
        return json.load(answer)


@contextmanager
def running_secured() -> Iterator[Secured]:
    """The server: answering when this is entered, gone when left."""
    http_port, transport_port = free_ports(2)
    settings = {"discovery.type": "single-node", "transport.port": str(transport_port)}
    recipe = RECIPES["elasticsearch"]
    server = launch(recipe, http_port, {**settings, **_SETTINGS}, f"-Xms1g -Xmx1g {COMPILED_ONCE}")
    try:
        secured = Secured(server.url, server.folder / "config")
        secured.append("roles.yml", _ANYBODY)
        wait_for(server, nodes=1)
        yield secured
    finally:
        server.stop()
