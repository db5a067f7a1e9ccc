"""One product and one size: start it, index, measure, print; `clusters.py` runs this."""

from __future__ import annotations

import argparse
import os

from cluster_indices import drop_all
from cluster_loading import loading
from cluster_notations import notations
from cluster_parts import Bench, latency, nodes, rivals, shards, threads
from cluster_place import PRODUCTS, Place, single, three_nodes
from collections_data import NAMES, collection
from data import passages, queries, say

TITLES = {
    "latency": "one search at a time",
    "threads": "many at once",
    "shards": "one shard and three",
    "rivals": "other ways to search the same passages",
    "loading": "loading with given vectors, no replicas, refreshing off",
    "notations": "documents sent in JSON and in SMILE",
    "cluster": "three nodes on this machine, three shards and a replica of each",
}
PARTS = tuple(TITLES)
_QUERIES = 400
LOADS = 3


def main() -> None:
    """Measure one product at one size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("product", choices=PRODUCTS)
    parser.add_argument("--size", type=int, default=20_000)
    parser.add_argument("--collection", choices=NAMES, help="in place of synthetic passages")
    parser.add_argument("--parts", default=",".join(PARTS))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=100)
    parser.add_argument("--url", help="of a server that runs, in place of one of its own")
    parser.add_argument("--rivals-python", default=os.environ.get("RIVALS_PYTHON"))
    options = parser.parse_args()
    wanted = options.parts.split(",")
    say(f"{options.product}, {options.collection or f'{options.size:,} passages'}")

    def bench(place: Place) -> Bench:
        if options.collection is not None:
            given, asked = collection(options.collection)
        else:
            given = passages(options.size)
            asked = queries(given, _QUERIES)
        named = f"documents of {options.collection}" if options.collection else "passages"
        what = f"{len(given):,} {named}"
        return Bench(place, given, asked, options.rounds, options.calls, what, {})

    if set(wanted) - {"cluster"}:
        with single(options.product, options.url) as place:
            _measure(bench(place), wanted, options.rivals_python)
    if "cluster" in wanted and options.product == "elasticsearch":
        with three_nodes() as place:
            made = bench(place)
            _print("cluster", made, nodes(made))


def _measure(bench: Bench, wanted: list[str], python: str | None) -> None:
    try:
        for name, part in {"latency": latency, "threads": threads, "shards": shards}.items():
            if name in wanted:
                _print(name, bench, part(bench))
        if "loading" in wanted:
            rounds = min(bench.rounds, LOADS)
            _print("loading", bench, loading(bench.place, bench.given, rounds, python))
        if "notations" in wanted and bench.place.product == "elasticsearch":
            rows = notations(bench.place, bench.given, bench.asked, bench.rounds, bench.calls)
            _print("notations", bench, rows)
        if "rivals" in wanted:
            _print("rivals", bench, rivals(bench, python))
    finally:
        drop_all(bench.place)


def _print(part: str, bench: Bench, text: str) -> None:
    title = f"### {bench.place.described()}: {bench.what}, {TITLES[part]}"
    print(f"{title}\n\n{text}\n", flush=True)


if __name__ == "__main__":
    main()
