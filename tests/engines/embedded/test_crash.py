"""kill -9 at any moment: what was acknowledged is there, and the index opens."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from vectors import random_units

from hybridsearch import HybridIndex, Schema

KILLS = 24
DIMS = 16
SCHEMA = Schema(
    text=["title"],
    metadata={"version": "integer"},
    dense={"dense": {"embeds": ["title"], "dims": DIMS}},
)

# Adds, replaces and deletes without end; says what has been acknowledged, line by line.
WRITER = """
import json, sys
import numpy as np
from hybridsearch import HybridIndex

target, start, seed = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
random = np.random.default_rng(seed)
index = HybridIndex.open(target)
print(json.dumps({"ready": True}), flush=True)
version = start
while True:
    version += 1
    ids = [f"d{n}" for n in random.choice(400, random.integers(1, 120), replace=False)]
    vectors = random.standard_normal((len(ids), 16)).astype(np.float32)
    documents = [
        {"id": id, "title": f"version {version} word{version}", "version": version,
         "dense": vector / np.linalg.norm(vector)}
        for id, vector in zip(ids, vectors)
    ]
    print(json.dumps({"trying": version, "added": ids}), flush=True)
    report = index.add(documents)
    assert report.indexed == len(ids)
    print(json.dumps({"done": version, "added": ids}), flush=True)
    if version % 3 == 0:
        gone = ids[: len(ids) // 2]
        print(json.dumps({"trying": version, "deleted": gone}), flush=True)
        index.delete(gone)
        print(json.dumps({"done": version, "deleted": gone}), flush=True)
"""


def killed_writer(target: str, start: int, seed: int, seconds: float) -> list[dict[str, Any]]:
    """What a writer said before it was killed."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, target, str(start), str(seed)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "ready" in process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    said, error = process.communicate()
    assert not error, error
    return [json.loads(line) for line in said.splitlines() if line.endswith("}")]


def apply(state: dict[str, int], line: dict[str, Any]) -> dict[str, int]:
    """The acknowledged state after one more line."""
    if "added" in line:
        return {**state, **dict.fromkeys(line["added"], line.get("done") or line["trying"])}
    return {id: version for id, version in state.items() if id not in line["deleted"]}


@pytest.mark.slow
def test_kill_9_loses_nothing_acknowledged_and_leaves_an_index_that_opens(tmp_path: Path) -> None:
    target = f"embedded:{tmp_path / 'index'}"
    HybridIndex.create(target, schema=SCHEMA, encoder=None).close()
    random = np.random.default_rng(7)
    acknowledged: dict[str, int] = {}
    version = 0
    interrupted = 0
    for kill in range(KILLS):
        lines = killed_writer(target, version, kill, float(random.uniform(0.0, 0.35)))
        for line in lines:
            if "done" in line:
                acknowledged = apply(acknowledged, line)
        version = max([version, *(line.get("trying", 0) for line in lines)])
        # A last line that was not acknowledged may have been committed or not, but as a whole.
        possible = [acknowledged]
        if lines and "trying" in lines[-1]:
            interrupted += 1
            possible.append(apply(acknowledged, lines[-1]))
        acknowledged = check(target, possible)
    assert interrupted > KILLS // 3, "the kills came at the wrong moments to show anything"
    assert version > KILLS // 2


def check(target: str, possible: list[dict[str, int]]) -> dict[str, int]:
    """The index holds exactly one of the possible states, in every retriever."""
    with HybridIndex.open(target) as index:
        found = {}
        for number in range(400):
            document = index.get(f"d{number}")
            if document is not None:
                found[document.id] = int(document.fields["version"])
        assert found in possible
        assert index.count() == len(found)
        assert index.info().passages["dense"] == len(found)
        query = random_units(1, dims=DIMS)[0]
        dense = index.search(vector=query, k=400, window=400, retrievers=["dense"])
        assert {hit.id: hit.fields["version"] for hit in dense.hits} == found
        lexical = index.search("version", k=400, window=400, retrievers=["lexical"])
        assert {hit.id: hit.fields["version"] for hit in lexical.hits} == found
        for version in set(list(found.values())[:5]):
            ids = {id for id, has in found.items() if has == version}
            hits = index.search(f"word{version}", k=400, retrievers=["lexical"]).hits
            assert {hit.id for hit in hits} == ids
    return found


def test_files_that_a_killed_commit_left_do_not_stop_the_next_one(tmp_path: Path) -> None:
    target = f"embedded:{tmp_path / 'index'}"
    with HybridIndex.create(target, schema=SCHEMA, encoder=None) as index:
        vectors = random_units(50, dims=DIMS)
        index.add({"id": f"d{n}", "title": "word", "dense": vectors[n]} for n in range(50))
    folder = tmp_path / "index" / "text"
    meta = json.loads((folder / "meta.json").read_text())
    # The commit names its deletions by segment and by a number that the dead writer had reached.
    segment = meta["segments"][0]["segment_id"].replace("-", "")
    names = [f"{segment}.{meta['opstamp'] + ahead}.del" for ahead in range(1, 20)]
    for name in names:
        (folder / name).write_bytes(b"half")
    managed = json.loads((folder / ".managed.json").read_text())
    (folder / ".managed.json").write_text(json.dumps([*managed, *names]))
    with HybridIndex.open(target) as index:
        assert index.delete(["d0", "d1"]) == 2
        assert index.count() == 48
