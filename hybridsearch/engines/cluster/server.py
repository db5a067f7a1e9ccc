"""What a server is and can do: product, version, licence, modules."""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import UnsupportedServerError

_NOT_TOLD = frozenset({400, 403, 404, 405, 410})
_PRODUCTS = {"elasticsearch": "Elasticsearch", "opensearch": "OpenSearch"}


@dataclass(frozen=True)
class Server:
    """product: "unknown" where nothing tells it; version: numbers, of the oldest node where they
    differ; licence: where the product has one and tells it; modules: names of modules and plugins
    that every node has."""

    product: str
    version: tuple[int, ...]
    licence: str | None = None
    modules: frozenset[str] = field(default_factory=frozenset)

    def __str__(self) -> str:
        licence = f", {self.licence} licence" if self.licence else ""
        return f"{self.product} {'.'.join(map(str, self.version))}{licence}"


def ask_server(target: str) -> Generator[HttpRequest, HttpReply, Server]:
    """Ask for it; `GET /` may be closed, and so may the rest: what is not told is not assumed."""
    product, versions = _root(_told((yield HttpRequest("GET", "/")), target))
    nodes = yield HttpRequest(
        "GET",
        "/_nodes/plugins",
        params={"filter_path": "nodes.*.version,nodes.*.plugins.name,nodes.*.modules.name"},
    )
    of_nodes, modules = _nodes(_told(nodes, target))
    versions += of_nodes
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


def _told(reply: HttpReply, target: str) -> Mapping[str, Any]:
    """What a reply tells, nothing where asking is not allowed; raises EngineError."""
    if reply.status in _NOT_TOLD:
        return {}
    body = check_reply(reply, "to say what it is", target=target)
    return body if isinstance(body, Mapping) else {}


def _root(body: Mapping[str, Any]) -> tuple[str | None, list[tuple[int, ...]]]:
    version = body.get("version")
    if not isinstance(version, Mapping):
        return None, []
    distribution = str(version.get("distribution") or "elasticsearch")
    numbers = _numbers(version.get("number"))
    return _PRODUCTS.get(distribution, distribution), [numbers] if numbers else []


def _nodes(body: Mapping[str, Any]) -> tuple[list[tuple[int, ...]], frozenset[str]]:
    nodes = list(body.get("nodes", {}).values())
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
