"""The embedded engine: indexing, opening, searching, filtering, two threads, memory."""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from data import DIMS, NUMBERS, Passages, Query, passages, queries, say, scratch
from timing import Sample, interleaved, latency_table, table

from hybridsearch import HybridIndex, Schema

SHARES = (1, 10, 50)
SCHEMA = {"text": ["text"], "metadata": {"number": "integer"}}


def schema() -> Schema:
    """One text field, one number to filter by, one vector field."""
    return Schema(**SCHEMA, dense={"dense": {"embeds": ["text"], "dims": DIMS}})


def target_of(size: int) -> Path:
    """Where the index of this size lies."""
    return scratch() / f"index-{size}"


def build(given: Passages, folder: Path) -> float:
    """A new index of all passages; returns the seconds that `add` took."""
    shutil.rmtree(folder, ignore_errors=True)
    with HybridIndex.create(f"embedded:{folder}", schema=schema(), encoder=None) as index:
        begin = time.perf_counter()
        shown = [begin]

        def progress(done: Any) -> None:
            if time.perf_counter() - shown[0] > 10:
                shown[0] = time.perf_counter()
                say(f"  {done.indexed:,} of {len(given):,}")

        report = index.add(given.documents(), progress=progress)
        seconds = time.perf_counter() - begin
    if report.indexed != len(given):
        raise RuntimeError(f"{report.failed} documents were refused")
    return seconds


def filter_of(percent: int, number: int) -> str:
    """A filter that lets `percent` of the passages through, another one for each number."""
    width = NUMBERS * percent // 100
    begin = number * 7_919 % (NUMBERS - width)
    return f"number >= {begin} and number < {begin + width}"


def searches(index: HybridIndex, asked: Sequence[Query], calls: int) -> dict[str, Sample]:
    """The default search, its two halves alone, and filtered ones."""

    def search(number: int, **options: Any) -> None:
        query = asked[number % len(asked)]
        index.search(query.text, vector=query.vector, k=10, **options)

    cases: dict[str, Any] = {
        "hybrid, k = 10 (the default search)": search,
        "lexical alone": lambda number: search(number, retrievers=("lexical",)),
        "dense alone": lambda number: search(number, retrievers=("dense",)),
    }
    for percent in SHARES:
        cases[f"hybrid, a new filter keeps {percent} %"] = lambda number, percent=percent: search(
            number, where=filter_of(percent, number)
        )
    for percent in SHARES:
        cases[f"hybrid, a repeated filter keeps {percent} %"] = lambda number, percent=percent: (
            search(number, where=filter_of(percent, 0))
        )
    return interleaved(cases, rounds=5, calls=calls)


def steps(index: HybridIndex, asked: Sequence[Query]) -> str:
    """Where the milliseconds of the default search go, by the response's own account."""
    answers = [index.search(query.text, vector=query.vector, k=10) for query in asked]
    names = answers[0].timings_ms
    means = [statistics.median(a.timings_ms[name] for a in answers) for name in names]
    asked_for = statistics.mean(sum(a.completed.values()) for a in answers)
    parts = ", ".join(f"{name} {ms:.2f}" for name, ms in zip(names, means, strict=True))
    return f"Median ms by step of the default search: {parts}; {asked_for:.1f} scores completed."


def throughput(index: HybridIndex, asked: Sequence[Query], threads: int) -> float:
    """Searches per second; the best of three rounds."""

    def search(query: Query) -> None:
        index.search(query.text, vector=query.vector, k=10)

    best = 0.0
    with ThreadPoolExecutor(threads) as pool:
        for _ in range(3):
            begin = time.perf_counter()
            list(pool.map(search, asked))
            best = max(best, len(asked) / (time.perf_counter() - begin))
    return best


def opening(size: int, processes: int) -> dict[str, float]:
    """Medians over fresh processes; the files are in the page cache."""
    script = Path(__file__).with_name("opening.py")
    found = []
    for _ in range(processes):
        done = subprocess.run(
            [sys.executable, str(script), str(target_of(size)), str(size)],
            check=True,
            capture_output=True,
            text=True,
        )
        found.append(json.loads(done.stdout))
    return {name: statistics.median(one[name] for one in found) for name in found[0]}


def measure(size: int) -> str:
    """All of it for one size, as Markdown."""
    given = passages(size)
    big = size > 200_000
    say(f"embedded, {size:,}: reading the passages as documents")
    begin = time.perf_counter()
    for _ in given.documents():
        pass
    made = time.perf_counter() - begin
    rates = []
    for round in range(1 if big else 3):
        say(f"embedded, {size:,}: indexing, round {round + 1}")
        rates.append(size / build(given, target_of(size)))
    on_disk = sum(f.stat().st_size for f in target_of(size).rglob("*") if f.is_file())
    say(f"embedded, {size:,}: opening")
    cold = opening(size, 3 if big else 5)
    say(f"embedded, {size:,}: searching")
    asked = queries(given, 200)
    with HybridIndex.open(f"embedded:{target_of(size)}") as index:
        samples = searches(index, asked, 30 if big else 100)
        account = steps(index, asked[:100])
        say(f"embedded, {size:,}: threads")
        rows = [
            [name, f"{throughput(index, asked, n):.0f}"]
            for n, name in ((1, "1 thread"), (2, "2 threads"))
        ]
    return "\n\n".join(
        [
            f"### Embedded engine, {size:,} passages of {DIMS} dimensions",
            table(
                ["", "median", "best"],
                [
                    [
                        "documents indexed per second",
                        f"{statistics.median(rates):,.0f}",
                        f"{max(rates):,.0f}",
                    ],
                ],
            )
            + f"\n\nReading the passages takes {made / size * 1e6:.0f} µs a document of that. "
            f"The index has {on_disk / 2**20:,.0f} MiB on disk.",
            table(
                ["a fresh process (page cache warm)", "median"],
                [
                    ["import, ms", f"{cold['import']:.0f}"],
                    ["open, ms", f"{cold['open']:.1f}"],
                    ["first search, ms", f"{cold['first']:.1f}"],
                    ["second search, ms", f"{cold['second']:.1f}"],
                    ["own memory after 102 searches, MiB", f"{cold['own']:.0f}"],
                    ["mapped file pages, MiB", f"{cold['mapped']:.0f}"],
                ],
            ),
            latency_table(samples),
            account,
            table(["searches per second", "best of 3"], rows),
        ]
    )


def main() -> None:
    """Measure the sizes of the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000")
    for size in parser.parse_args().sizes.split(","):
        print(measure(int(size)), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
