"""One long `add` with given vectors: how fast it is and what memory it has, second by second.

    python benchmarks/long_run.py embedded 1000000 > embedded.json
    python benchmarks/long_run.py elasticsearch 200000 > elasticsearch.json

The documents are made as they are asked for, in the same process; that takes some 30 µs of each. A
server is one of the tests'. `draw_run.py` draws what is printed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from cluster_place import PRODUCTS, Place, single
from data import DIMS, say
from indexing_memory import SCHEMA, documents, resident
from machine import describe

from hybridsearch import HybridIndex
from hybridsearch.indexing.counts import IndexProgress

EVERY_SECONDS = 1.0


class Samples(threading.Thread):
    """Once a second: seconds, documents, and megabytes without pages of files, of this process and
    of the server's."""

    def __init__(self, place: Place | None) -> None:
        super().__init__(daemon=True)
        self.rows: list[dict[str, float]] = []
        self.documents = 0
        self._place = place
        self._begin = time.perf_counter()
        self._over = threading.Event()

    def tell(self, progress: IndexProgress) -> None:
        """How far the run is."""
        self.documents = progress.indexed

    def run(self) -> None:
        """Look until it is over."""
        while not self._over.wait(EVERY_SECONDS):
            self.look()
            if len(self.rows) % 10 == 0:
                say(f"  {self.documents:,} documents")

    def look(self) -> None:
        """One sample."""
        row = {
            "seconds": round(time.perf_counter() - self._begin, 2),
            "documents": self.documents,
            "client_mb": round(resident()[1] / 1e6, 1),
        }
        if self._place is not None:
            sizes = (process.memory_info() for process in self._place.processes)
            row["server_mb"] = round(sum(size.rss - size.shared for size in sizes) / 1e6, 1)
        self.rows.append(row)

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Samples while this is entered."""
        self.look()
        self.start()
        try:
            yield
        finally:
            self._over.set()
            self.join()
            self.look()


def main(product: str, count: int) -> dict[str, Any]:
    """The samples of one run, and what it was."""
    with ExitStack() as left:
        place = None
        settings: dict[str, Any] | None = None
        title = "embedded engine"
        if product in PRODUCTS:
            place = left.enter_context(single(product, None))
            target, title = place.target(f"long-{uuid.uuid4().hex[:8]}"), place.described()
            settings = {"replicas": 0, "refresh_interval": "-1"}
        else:
            target = f"embedded:{left.enter_context(tempfile.TemporaryDirectory())}/index"
        index = left.enter_context(
            HybridIndex.create(target, schema=SCHEMA, encoder=None, settings=settings)
        )
        samples = Samples(place)
        say(f"{count:,} documents into the {title}")
        with samples.taken():
            report = index.add(documents(count, DIMS), progress=samples.tell)
    if report.indexed != count:
        raise RuntimeError(f"{report.indexed} of {count} documents were indexed")
    return {
        "title": f"{title}: {count:,} documents, {DIMS} dimensions",
        "machine": describe(),
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "samples": samples.rows,
    }


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] not in {"embedded", *PRODUCTS}:
        sys.exit(f"usage: long_run.py embedded|{'|'.join(PRODUCTS)} COUNT")
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
