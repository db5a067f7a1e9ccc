"""A rival in a process of its own, asked for blocks of searches like every other case."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cluster_bodies import CANDIDATES, RESULTS, WINDOW
from cluster_load import Block, Ran
from data import Query, say, scratch

LIBRARIES = {"langchain": "langchain-elasticsearch", "haystack": "elasticsearch-haystack"}


class RivalUnavailableError(Exception):
    """The interpreter lacks the library; the message is a sentence for the reader."""


@contextmanager
def rival(
    library: str, python: str, url: str, index: str, asked: Sequence[Query]
) -> Iterator[tuple[str, Block]]:
    """The rival's name with its version, and its block."""
    queries = scratch() / f"queries-{library}.json"
    queries.write_text(json.dumps([[query.text, query.vector.tolist()] for query in asked]))
    say(f"  {LIBRARIES[library]}: starting")
    process = subprocess.Popen(
        [python, str(Path(__file__).with_name("cluster_rivals.py"))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        told = _ask(
            process,
            {
                "library": library,
                "url": url,
                "index": index,
                "queries": str(queries),
                "window": WINDOW,
                "results": RESULTS,
                "candidates": CANDIDATES,
            },
        )
        if "missing" in told:
            raise RivalUnavailableError(
                f"{LIBRARIES[library]} was left out, since it is not installed: install it "
                "anywhere and name that interpreter with `--rivals-python`."
            )
        if told["found"] != RESULTS:
            raise RuntimeError(f"{library} found {told['found']} documents, not {RESULTS}")

        def block(numbers: range) -> Ran:
            begin = time.perf_counter()
            done = _ask(process, [numbers.start, numbers.stop])
            return Ran(done["ms"], time.perf_counter() - begin, done["cpu"])

        yield told["name"], block
    finally:
        process.communicate()


def _ask(process: subprocess.Popen[str], given: Any) -> Any:
    if process.stdin is None or process.stdout is None:
        raise RuntimeError("the rival has no pipes")
    process.stdin.write(json.dumps(given) + "\n")
    process.stdin.flush()
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a rival ended early; what it wrote is above")
    return json.loads(line)
