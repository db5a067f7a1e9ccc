"""What a server is and can do: product, version, licence, modules."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.engines.cluster.refusals import check_access
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import UnsupportedServerError

_NOT_TOLD = frozenset({400, 403, 404, 405, 410})


@dataclass(frozen=True)
class Server:
    """version: numbers, of the oldest node where they differ; licence: where the product has one
    and tells it; modules: names of modules and plugins that every node has."""

    product: str
    version: tuple[int, ...]
    licence: str | None = None
    modules: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        licence = f", {self.licence} licence" if self.licence else ""
        return f"{self.product} {'.'.join(map(str, self.version))}{licence}"


def ask_server() -> Generator[HttpRequest, HttpReply, Server]:
    """Ask for it; `GET /` may be closed, and so may the rest: what is not told is not assumed."""
    root = yield HttpRequest("GET", "/")
    check_access(root, "to say what it is")
    nodes = yield HttpRequest(
        "GET",
        "/_nodes/plugins",
        params={"filter_path": "nodes.*.version,nodes.*.plugins.name,nodes.*.modules.name"},
    )
    product, version = _root(root)
    versions, modules = _nodes(nodes)
    if version is not None:
        versions = [version]
    if not versions:
        raise UnsupportedServerError(
            "the server does not say which version it is, neither at / nor at /_nodes: allow one "
            "of them (cluster privilege 'monitor'), and look whether this address is the cluster's"
        )
    licence = None
    if product != "OpenSearch":
        licence = _licence((yield HttpRequest("GET", "/_license")))
        product = product or ("Elasticsearch" if licence else _product(modules))
    return Server(product or "unknown", min(versions), licence, modules)


def _root(reply: HttpReply) -> tuple[str | None, tuple[int, ...] | None]:
    if reply.status in _NOT_TOLD or not isinstance(reply.body, Mapping):
        return None, None
    version = reply.body.get("version")
    if not isinstance(version, Mapping):
        return None, None
    product = "OpenSearch" if version.get("distribution") == "opensearch" else "Elasticsearch"
    return product, _numbers(version.get("number"))


def _nodes(reply: HttpReply) -> tuple[list[tuple[int, ...]], frozenset[str]]:
    if reply.status in _NOT_TOLD or not isinstance(reply.body, Mapping):
        return [], frozenset()
    nodes = list(reply.body.get("nodes", {}).values())
    versions = [found for node in nodes if (found := _numbers(node.get("version")))]
    kept = [
        {part["name"] for part in (*node.get("plugins", ()), *node.get("modules", ()))}
        for node in nodes
    ]
    return versions, frozenset.intersection(*map(frozenset, kept)) if kept else frozenset()


def _licence(reply: HttpReply) -> str | None:
    if reply.status >= 300 or not isinstance(reply.body, Mapping):
        return None
    licence = reply.body.get("license")
    return str(licence.get("type")) if isinstance(licence, Mapping) else None


def _product(modules: frozenset[str]) -> str | None:
    if any(name.startswith("opensearch") for name in modules):
        return "OpenSearch"
    return "Elasticsearch" if any(name.startswith("x-pack") for name in modules) else None


def _numbers(text: Any) -> tuple[int, ...] | None:
    found = re.match(r"(\d+)\.(\d+)(?:\.(\d+))?", str(text))
    return tuple(int(number or 0) for number in found.groups()) if found else None
