"""Peak memory of `add` on a generator with given vectors, short and long: it is to be the same.

    python benchmarks/indexing_memory.py [TARGET [COUNT ...]]

TARGET is without the name of an index: embedded: (the default, in a temporary folder), tantivy:
(what keeps its texts, alone, given the same ones) or elasticsearch://127.0.0.1:9200. Each count
runs in a process of its own; the usual counts are 50,000 and 500,000. What is resident is told in
all, and without pages of mapped files, which the system takes back when it wants them (Linux only).
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Self

import numpy as np
import tantivy

from hybridsearch import HybridIndex, Schema

DIMS = 768
COUNTS = (50_000, 500_000)
SCHEMA = Schema(
    text=["title", "text"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title", "text"], "dims": DIMS}},
)
WORDS = 60


def documents(count: int, dims: int) -> Iterator[dict[str, Any]]:
    """Made as they are asked for; each with its own vector."""
    random = np.random.default_rng(3)
    words = np.array([f"word{number}" for number in range(20_000)])
    for number in range(count):
        vector = random.standard_normal(dims, dtype=np.float32)
        yield {
            "id": f"d{number}",
            "title": f"document {number}",
            "text": " ".join(words[random.integers(0, len(words), WORDS)]),
            "year": 1900 + number % 125,
            "dense": vector / np.linalg.norm(vector),
        }


def resident() -> tuple[int, int]:
    """Bytes that are resident now: all, and those that are no pages of files."""
    _, pages, files, *_ = map(int, Path("/proc/self/statm").read_text().split())
    size = resource.getpagesize()
    return pages * size, (pages - files) * size


class Peaks(threading.Thread):
    """The most of both while this is entered, looked at twenty times a second."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.all = self.anonymous = 0
        self._over = threading.Event()

    def run(self) -> None:
        """Look until it is over."""
        while not self._over.wait(0.05):
            everything, anonymous = resident()
            self.all = max(self.all, everything)
            self.anonymous = max(self.anonymous, anonymous)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self.join()


def measure(target: str, count: int) -> dict[str, float]:
    """Peak megabytes and documents a second of one load, in this process."""
    kind, _, folder = target.partition(":")
    if kind == "tantivy":
        return measured(count, lambda: load_tantivy(Path(folder), documents(count, DIMS)))
    settings = None if kind == "embedded" else {"replicas": 0, "vector_index": "flat"}
    with HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings) as index:
        return measured(count, lambda: index.add(documents(count, DIMS)).indexed)


def load_tantivy(folder: Path, given: Iterator[dict[str, Any]]) -> int:
    """The texts into tantivy alone, with the heap of the embedded engine; commits every five
    seconds, as that does."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", tokenizer_name="raw")
    builder.add_integer_field("ordinal", fast=True)
    for name in SCHEMA.text:
        builder.add_text_field(name)
    folder.mkdir()
    writer = tantivy.Index(builder.build(), str(folder)).writer(128_000_000, 1)
    count, committed = 0, time.monotonic()
    for document in given:
        texts = {name: document[name] for name in ("id", *SCHEMA.text)}
        writer.add_document(tantivy.Document(ordinal=count, **texts))
        count += 1
        if time.monotonic() - committed >= 5:
            writer.commit()
            committed = time.monotonic()
    writer.commit()
    return count


def measured(count: int, load: Callable[[], int]) -> dict[str, float]:
    """The same of any load, which returns how many documents it wrote."""
    before = resident()[0]
    begin = time.perf_counter()
    with Peaks() as peaks:
        written = load()
    seconds = time.perf_counter() - begin
    if written != count:
        raise RuntimeError(f"{written} of {count} documents were indexed")
    return {
        "documents": count,
        "before_mb": round(before / 1e6, 1),
        "peak_mb": round(peaks.all / 1e6, 1),
        "peak_without_files_mb": round(peaks.anonymous / 1e6, 1),
        "documents_a_second": round(count / seconds),
    }


def main(place: str = "embedded:", *counts: str) -> None:
    """Measure each count, and tell how much the longest run takes beyond the shortest."""
    peaks = []
    for count in map(int, counts or COUNTS):
        with tempfile.TemporaryDirectory() as folder:
            name = f"memory-{uuid.uuid4().hex[:8]}"
            local = place in {"embedded:", "tantivy:"}
            target = f"{place}{folder}/{name}" if local else f"{place}/{name}"
            print(f"{count:,} documents into {place} ...", file=sys.stderr, flush=True)
            done = subprocess.run(
                [sys.executable, __file__, "--measure", target, str(count)],
                check=True,
                capture_output=True,
                text=True,
            )
        found = json.loads(done.stdout)
        print(json.dumps(found), flush=True)
        peaks.append(found)
    for name in ("peak_mb", "peak_without_files_mb"):
        change = peaks[-1][name] / peaks[0][name] - 1
        print(f"{name}: {change:+.1%} from the first to the last", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        print(json.dumps(measure(sys.argv[2], int(sys.argv[3]))))
    else:
        main(*sys.argv[1:])
