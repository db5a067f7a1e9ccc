"""Ports of this machine that nothing listens on."""

from __future__ import annotations

import random
import socket

# Below the ports that systems give to outgoing connections, one of which could come in between.
_CHOICES = range(20_000, 32_000)


def free_ports(count: int) -> tuple[int, ...]:
    """That many ports, all different, on which nothing listens at this moment."""
    found: list[int] = []
    for port in random.sample(_CHOICES, len(_CHOICES)):
        if len(found) == count:
            break
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        found.append(port)
    return tuple(found)
