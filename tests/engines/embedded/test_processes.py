"""One writer and any readers, in any number of processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from vectors import random_units, unit

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import WriterBusyError

SCHEMA = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 8}})


def documents(count: int, prefix: str = "d") -> list[dict[str, Any]]:
    vectors = random_units(count)
    return [{"id": f"{prefix}{n}", "title": "word", "dense": vectors[n]} for n in range(count)]


@pytest.fixture
def target(tmp_path: Path) -> str:
    place = f"embedded:{tmp_path / 'index'}"
    with HybridIndex.create(place, schema=SCHEMA, encoder=None) as index:
        index.add(documents(20))
    return place


def test_a_second_writer_gets_a_clear_error_and_may_write_later(target: str) -> None:
    first = HybridIndex.open(target)
    first.add(documents(1, "first"))
    with HybridIndex.open(target) as second:
        with pytest.raises(WriterBusyError, match="close it, or wait"):
            second.add(documents(1, "second"))
        assert second.count() == 21
        first.close()
        second.add(documents(1, "second"))
        assert second.count() == 22


def test_a_second_writer_in_another_process_gets_the_same_error(target: str) -> None:
    with HybridIndex.open(target) as index:
        index.add(documents(1, "mine"))
        script = (
            "import sys\n"
            "from hybridsearch import HybridIndex\n"
            "from hybridsearch.errors import WriterBusyError\n"
            "index = HybridIndex.open(sys.argv[1])\n"
            "print(index.count())\n"
            "try:\n"
            "    index.delete('d1')\n"
            "except WriterBusyError as error:\n"
            "    print('busy')\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", script, target], capture_output=True, text=True, check=True
        )
        assert done.stdout.split() == ["21", "busy"]
        assert index.count() == 21


def test_readers_see_commits_of_a_writer_in_another_process(target: str) -> None:
    script = (
        "import sys\n"
        "import numpy as np\n"
        "from hybridsearch import HybridIndex\n"
        "with HybridIndex.open(sys.argv[1]) as index:\n"
        "    index.add([{'id': 'new', 'title': 'unheard', 'dense': np.eye(8)[0]}])\n"
        "    index.delete('d3')\n"
    )
    with HybridIndex.open(target) as reader:
        assert reader.search("unheard", vector=unit(0, 1)).candidates["lexical"] == 0
        subprocess.run([sys.executable, "-c", script, target], check=True)
        reader.refresh()
        assert reader.count() == 20
        assert reader.get("d3") is None
        hits = reader.search("unheard", vector=unit(1), k=3).hits
        assert hits[0].id == "new"


def test_a_reader_keeps_its_answers_while_segments_are_merged_away(target: str) -> None:
    with HybridIndex.open(target) as writer, HybridIndex.open(target) as reader:
        for round_number in range(30):
            writer.add(documents(5, f"r{round_number}-"))
            assert reader.count() == 20 + 5 * (round_number + 1)
            assert len(reader.search("word", vector=unit(1), k=20).hits) == 20
        writer.delete([f"r{n}-{m}" for n in range(30) for m in range(5)])
        assert reader.count() == 20
