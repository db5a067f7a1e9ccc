"""A second copy to the same place brings what has changed since, and knows it from what has not."""

from __future__ import annotations

from pathlib import Path

from vectors import random_units

from hybridsearch import HybridIndex, Schema
from hybridsearch.wiring.copying import copy_index

DIMS = 4
SCHEMA = Schema(
    text=["title"],
    dense={"dense": {"embeds": ["title"], "dims": DIMS}},
    unknown_fields="keep",
)


def test_a_second_copy_brings_versions_and_values_that_python_takes_for_equal(
    tmp_path: Path,
) -> None:
    source, target = f"embedded:{tmp_path / 'from'}", f"embedded:{tmp_path / 'to'}"
    given = {"id": "a", "title": "x", "dense": random_units(1, dims=DIMS)[0], "n": 1}
    with HybridIndex.create(source, schema=SCHEMA, encoder=None) as origin:
        origin.add([{**given, "_version": 5}, {**given, "id": "b"}])
        copy_index(source, target)
        origin.add([{**given, "_version": 7}, {**given, "id": "b", "n": True}])
    assert copy_index(source, target).copied == 2
    with HybridIndex.open(target) as copy:
        found = {document.id: (document.version, document.fields["n"]) for document in copy.scan()}
        assert found["a"] == (7, 1)
        assert found["b"][1] is True
        assert copy.add([{**given, "title": "older", "_version": 6}]).outdated == 1
