"""What is measured: a server of the tests, a cluster of three, or one that runs already."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import urlsplit

import psutil
from cluster_http import Http
from data import say

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from servers.cluster import running_cluster
from servers.process import Server, running
from servers.recipes import RECIPES, Product

PRODUCTS = tuple(RECIPES)
CLIENTS = {"elasticsearch": "elasticsearch", "opensearch": "opensearch-py"}
_LONGEST_SECONDS = 3600


@dataclass(frozen=True, eq=False)
class Place:
    """Where indices lie: the nodes' URLs, and their processes where this program started them."""

    product: Product
    urls: tuple[str, ...]
    processes: tuple[psutil.Process, ...] = ()

    def target(self, index: str) -> str:
        """The index as hybridsearch names it."""
        hosts = ",".join(urlsplit(url).netloc for url in self.urls)
        return f"{self.product}://{hosts}/{index}"

    def http(self) -> Http:
        """A connection for what takes long."""
        return Http(self.urls[0], timeout=_LONGEST_SECONDS)

    def cpu_ms(self) -> float | None:
        """What the servers' processes have computed so far; None for servers of others."""
        if not self.processes:
            return None
        times = [process.cpu_times() for process in self.processes]
        return float(sum(1e3 * (time.user + time.system) for time in times))

    def described(self) -> str:
        """The server, and the client that speaks to it."""
        root = self.http().ask("GET", "/")["version"]
        name = "OpenSearch" if self.product == "opensearch" else "Elasticsearch"
        client = CLIENTS[self.product]
        nodes = "three nodes of " if len(self.urls) > 1 else ""
        return f"{nodes}{name} {root['number']}, asked by {client} {version(client)}"

    def plugins(self) -> frozenset[str]:
        """Names of what is installed beside the product itself."""
        rows = self.http().ask("GET", "/_cat/plugins?format=json")
        return frozenset(row["component"] for row in rows)


@contextmanager
def single(name: str, url: str | None) -> Iterator[Place]:
    """The server of this recipe, or the one at the URL."""
    product = RECIPES[name].product
    if url is not None:
        yield Place(product, (url.rstrip("/"),))
        return
    say(f"{name}: starting")
    with running(name) as server:
        yield Place(product, (server.url,), _processes([server]))


@contextmanager
def three_nodes() -> Iterator[Place]:
    """Three Elasticsearch nodes on this machine."""
    say("elasticsearch: starting three nodes")
    with running_cluster() as cluster:
        yield Place("elasticsearch", cluster.urls, _processes(cluster.nodes))


def _processes(servers: Sequence[Server]) -> tuple[psutil.Process, ...]:
    groups = {server.group for server in servers}
    return tuple(process for process in psutil.process_iter() if _group(process) in groups)


def _group(process: psutil.Process) -> int | None:
    try:
        return os.getpgid(process.pid)
    except ProcessLookupError:
        return None
