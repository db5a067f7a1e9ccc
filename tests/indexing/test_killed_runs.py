"""A run that is killed at a random moment and started again ends with every document once."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from numbered_documents import SCHEMA, check_exact, numbered

from hybridsearch import HybridIndex

COUNT = 20_000
KILLS = 10
# The command line, with a checkpoint after every batch.
PROGRAM = """
import sys
from hybridsearch.indexing import trail
trail.PERSIST_SECONDS = 0.0
from hybridsearch.cli.app import main
print("begun", file=sys.stderr, flush=True)
main()
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Every hundredth line is no document."""
    path = tmp_path / "source.jsonl"
    with path.open("w") as file:
        for number in range(COUNT):
            document = numbered(number)
            line = json.dumps({**document, "dense": document["dense"].tolist()})
            file.write(f"{line}\n")
            if number % 100 == 50:
                file.write("no document\n")
    return path


@pytest.mark.parametrize("kept_by", ["embedded", "elasticsearch", "opensearch"])
def test_a_killed_run_goes_on_and_ends_exact(
    kept_by: str, source: Path, tmp_path: Path, server_url: Callable[[str], str]
) -> None:
    target = "embedded:./index"
    if kept_by != "embedded":
        address = server_url(kept_by).removeprefix("http:")
        target = f"{kept_by}:{address}/killed-{uuid.uuid4().hex[:8]}"
    settings = None if kept_by == "embedded" else {"replicas": 0}
    place = target if kept_by != "embedded" else f"embedded:{tmp_path / 'index'}"
    HybridIndex.create(place, schema=SCHEMA, encoder=None, settings=settings).close()
    letters = tmp_path / "letters.jsonl"
    command = [
        sys.executable,
        "-c",
        PROGRAM,
        "index",
        target,
        str(source),
        "--dead-letters",
        str(letters),
        "--json",
    ]
    checkpoint = tmp_path / "run.checkpoint"
    command += ["--checkpoint", str(checkpoint)]
    draw = random.Random(kept_by)
    kills = 0
    while kills < KILLS:
        process = subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.PIPE)
        assert process.stderr is not None
        process.stderr.readline()
        time.sleep(draw.uniform(0.0, 1.2))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        if not checkpoint.exists():  # it had not begun, or was done: the next run begins anew
            letters.unlink(missing_ok=True)
        elif json.loads(checkpoint.read_bytes())["counts"]["read"]:
            kills += 1
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 3, done.stderr
    assert json.loads(done.stdout)["resumed"] > 0
    with HybridIndex.open(place) as index:
        check_exact(index, COUNT)
    set_aside = [json.loads(line)["place"] for line in letters.read_text().splitlines()]
    assert len(set_aside) == len(set(set_aside)) == COUNT // 100
