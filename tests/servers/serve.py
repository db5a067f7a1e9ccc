"""Runs a server in the foreground until Ctrl-C: `python tests/servers/serve.py elasticsearch`."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from servers import cluster
from servers.errors import ServerStartError, ServerUnavailable
from servers.process import running
from servers.recipes import RECIPES


def main(names: list[str]) -> str | int:
    """Serve the one that is named, and print its URLs; the message is what went wrong."""
    if len(names) != 1 or names[0] not in (*RECIPES, cluster.NAME):
        return f"usage: serve.py {'|'.join((*RECIPES, cluster.NAME))}"
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        if names[0] == cluster.NAME:
            with cluster.running_cluster() as nodes:
                serve(nodes.urls)
        else:
            with running(names[0]) as server:
                serve((server.url,))
    except (ServerUnavailable, ServerStartError) as failure:
        return f"error: {failure}"
    except KeyboardInterrupt:
        return 0
    return 0


def serve(urls: tuple[str, ...]) -> None:
    """Print where it answers, and wait to be interrupted."""
    print(*urls, sep="\n", flush=True)
    signal.pause()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
