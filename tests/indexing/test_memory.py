"""A source of any length takes the same memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cluster_places import Place
from numbered_documents import SCHEMA
from servers.fixtures import ServerUrl

from hybridsearch import Delete, HybridIndex, Update
from hybridsearch.indexing.seen import Seen
from hybridsearch.indexing.stretch import MOST_UPDATES, stretches

# The process's own peak, after a start that loads everything.
PROGRAM = """
import resource, sys
sys.path.insert(0, sys.argv[1])
from numbered_documents import numbered
from hybridsearch import Delete, HybridIndex, Update

with HybridIndex.open(sys.argv[2]) as index:
    report = index.add(map(numbered, range(int(sys.argv[3]))))
assert report.indexed == int(sys.argv[3]), report
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
def test_the_peak_does_not_grow_with_the_source(server_url: ServerUrl) -> None:
    place = Place("elasticsearch", server_url("elasticsearch"))
    settings = {"vector_index": "flat", "replicas": 0}
    HybridIndex.create(place.target, schema=SCHEMA, encoder=None, settings=settings).close()

    def peak(count: int) -> int:
        tests = Path(__file__).parents[1]
        command = [sys.executable, "-c", PROGRAM, str(tests), place.target, str(count)]
        return int(subprocess.run(command, check=True, capture_output=True).stdout)

    assert peak(100_000) < 1.1 * peak(20_000)
    place.ask("DELETE")


def test_ids_that_came_before_are_known_and_only_so_many_are_remembered() -> None:
    seen = Seen()
    draw = np.random.default_rng(1)
    known: set[str] = set()
    while len(known) < 110_000:
        ids = {f"d{number}" for number in draw.integers(0, 200_000, 4_000)}
        assert seen.add(ids) == len(ids & known)
        known |= ids
    assert seen.all_of_them


def test_beyond_the_bound_no_more_ids_are_remembered() -> None:
    seen = Seen(most=1_000)
    ids = [f"d{number}" for number in range(2_000)]
    assert [seen.add(ids[:1_000]), seen.add(ids[1_000:]), seen.add(ids)] == [0, 0, 1_000]
    assert not seen.all_of_them


def test_only_so_many_documents_are_read_for_their_updates_at_a_time() -> None:
    updates = [Update(str(number), {"year": number}) for number in range(150)]
    records = [*updates[:30], Delete("x"), *updates[30:]]
    cut = list(stretches(records, 0, SCHEMA))
    assert [len(stretch.updated) for stretch in cut] == [MOST_UPDATES, MOST_UPDATES, 22]
    assert [position for stretch in cut for position in stretch.positions] == list(range(1, 152))
