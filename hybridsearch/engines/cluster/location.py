"""Where an index lives on a cluster: its nodes and its name, out of a target's location."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hybridsearch.errors import ConfigurationError

_LOCATION = re.compile(
    r"(?:(?P<scheme>https?):)?//(?P<hosts>[^/]*)(?P<prefix>(?:/[^/]+)*?)/(?P<name>[^/]+)/?"
)
_WRONG_NAME = re.compile(r'[A-Z\\/*?"<>| ,#:]|^[-_+]|^\.\.?$')
DEFAULT_PORT = 9200


@dataclass(frozen=True)
class Location:
    """The nodes as URLs, empty where the caller's client knows them; the index's name."""

    nodes: tuple[str, ...]
    name: str

    @classmethod
    def parse(cls, text: str, *, engine: str, with_client: bool) -> Location:
        """Read `//HOST:9200/NAME`, or `NAME` alone beside a client; raises ConfigurationError."""
        if with_client:
            if text.startswith(("//", "http")) and "/" in text:
                raise ConfigurationError(
                    f"the client that was given knows its server's address: write {engine}:NAME "
                    "beside a client"
                )
            return cls((), _checked_name(text.strip("/")))
        if "@" in text:
            raise ConfigurationError(
                "a target holds no credentials, since it is printed and stored: give them as "
                "connection={'username': ..., 'password': ...}, or in the environment as "
                "HYBRIDSEARCH_USERNAME and HYBRIDSEARCH_PASSWORD, or HYBRIDSEARCH_API_KEY"
            )
        found = _LOCATION.fullmatch(text)
        if found is None or not found["hosts"]:
            raise ConfigurationError(
                f"'{engine}:{text}' is not a target: write {engine}://HOST:{DEFAULT_PORT}/NAME, "
                f"or {engine}+https://HOST:{DEFAULT_PORT}/NAME; several nodes with commas"
            )
        scheme = found["scheme"] or "http"
        nodes = tuple(
            f"{scheme}://{_with_port(host.strip())}{found['prefix']}"
            for host in found["hosts"].split(",")
            if host.strip()
        )
        return cls(nodes, _checked_name(found["name"]))


def _with_port(host: str) -> str:
    return host if re.search(r":\d+$", host) else f"{host}:{DEFAULT_PORT}"


def _checked_name(name: str) -> str:
    wrong = _WRONG_NAME.search(name)
    if not name or wrong or len(name.encode()) > 255:
        raise ConfigurationError(
            f"{name!r} cannot be an index's name: use lower-case letters, digits, - and _, "
            "beginning with a letter or a digit"
        )
    return name
