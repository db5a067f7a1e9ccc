"""Searches on real servers beside the same searches by other means; prints one Markdown section.

`python benchmarks/clusters.py [--sizes 20000,200000] [--collections scifact,stackfaq]
[--products elasticsearch,opensearch]
[--parts latency,threads,shards,loading,notations,rivals,cluster] [--rivals-python PYTHON]
[--rounds 9] [--calls 100]`

Each product is started, filled and ended in turn. The part `rivals` wants an interpreter that has
langchain-elasticsearch and elasticsearch-haystack, in an environment of its own: they are pinned
to other versions of the official client.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from cluster_place import PRODUCTS
from cluster_product import PARTS
from machine import describe
from run import ONE_THREAD

DEFAULT_PRODUCTS = "elasticsearch,opensearch,opensearch-2"


def main() -> None:
    """Print what the machine is, then the tables of each product; progress goes to stderr."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", help="numbers of synthetic passages [20000]")
    parser.add_argument("--collections", help="judged collections of ../shared/eval")
    parser.add_argument("--products", default=DEFAULT_PRODUCTS, help=f"of {', '.join(PRODUCTS)}")
    parser.add_argument("--parts", default=",".join(PARTS), help="what to measure")
    parser.add_argument("--rounds", default="9", help="the cases take turns so often")
    parser.add_argument("--calls", default="100", help="searches of a case in each round")
    parser.add_argument("--urls", default="", help="servers that run: PRODUCT=URL,...")
    parser.add_argument("--rivals-python", default=os.environ.get("RIVALS_PYTHON"))
    options = parser.parse_args()
    products = options.products.split(",")
    urls = dict(one.split("=", 1) for one in options.urls.split(",") if one)
    for name, known in ((products, PRODUCTS), (options.parts.split(","), PARTS)):
        if unknown := set(name) - set(known):
            parser.error(f"{', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    print(f"## Measured on {datetime.now(UTC):%Y-%m-%d}\n\n{describe()}\n", flush=True)
    failed = []
    sizes = options.sizes or ("" if options.collections else "20000")
    given = [("--size", size, f"{size} passages") for size in _listed(sizes)]
    given += [("--collection", name, name) for name in _listed(options.collections or "")]
    for option, value, words in given:
        for product in products:
            command = [sys.executable, str(Path(__file__).with_name("cluster_product.py")), product]
            command += [option, value, "--parts", options.parts]
            command += ["--rounds", options.rounds, "--calls", options.calls]
            if product in urls:
                command += ["--url", urls[product]]
            if options.rivals_python:
                command += ["--rivals-python", options.rivals_python]
            done = subprocess.run(command, env={**os.environ, **ONE_THREAD}, check=False)
            if done.returncode:
                failed.append(f"{product} with {words}")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _listed(text: str) -> list[str]:
    return [part for part in text.split(",") if part]


if __name__ == "__main__":
    main()
