"""A fresh process that opens an index and searches it: times and memory, as JSON on stdout."""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import psutil


def main(folder: str, size: int) -> None:
    """Import, open, search once, search again, then search a hundred times."""
    begin = time.perf_counter()
    from hybridsearch import HybridIndex

    imported = time.perf_counter()
    with HybridIndex.open(f"embedded:{folder}") as index:
        opened = time.perf_counter()
        found: dict[str, Any] = {
            "import": (imported - begin) * 1e3,
            "open": (opened - imported) * 1e3,
        }
        from data import passages, queries

        asked = queries(passages(size), 102, seed=3)
        for name, query in zip(("first", "second"), asked, strict=False):
            begin = time.perf_counter()
            index.search(query.text, vector=query.vector, k=10)
            found[name] = (time.perf_counter() - begin) * 1e3
        for query in asked[2:]:
            index.search(query.text, vector=query.vector, k=10)
        memory = psutil.Process().memory_info()
        mapped = getattr(memory, "shared", 0)
        found["own"] = (memory.rss - mapped) / 2**20
        found["mapped"] = mapped / 2**20
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
