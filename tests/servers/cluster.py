"""Three Elasticsearch nodes that form one cluster, any of which can be killed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from servers.ports import free_ports
from servers.process import Server, launch, wait_for
from servers.recipes import RECIPES

NAME = "elasticsearch-cluster"
NODES = ("n1", "n2", "n3")


@dataclass(frozen=True)
class Cluster:
    """The nodes in the order of `NODES`."""

    nodes: tuple[Server, ...]

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(node.url for node in self.nodes)

    def kill(self, node: int) -> None:
        """End this node, 0 to 2, as kill -9 does; returns when its processes are gone."""
        self.nodes[node].kill()


@contextmanager
def running_cluster(options: str = "") -> Iterator[Cluster]:
    """The cluster: whole and answering when this is entered, gone when left.

    options: of each node's Java, beside its heap.
    """
    ports = free_ports(2 * len(NODES))
    http_ports, transport_ports = ports[: len(NODES)], ports[len(NODES) :]
    together = {
        "cluster.name": NAME,
        "cluster.initial_master_nodes": ",".join(NODES),
        "discovery.seed_hosts": ",".join(f"127.0.0.1:{port}" for port in transport_ports),
    }
    with ExitStack() as started:
        nodes = []
        for name, http, transport in zip(NODES, http_ports, transport_ports, strict=True):
            settings = {**together, "node.name": name, "transport.port": str(transport)}
            given = f"-Xms700m -Xmx700m {options}"
            node = launch(RECIPES["elasticsearch"], http, settings, given)
            started.callback(node.stop)
            nodes.append(node)
        for node in nodes:
            wait_for(node, nodes=len(NODES))
        yield Cluster(tuple(nodes))
