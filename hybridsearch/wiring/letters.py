"""Where the documents that were set aside go, unless the caller says otherwise."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.model.target import Target


def dead_letters_for(target: Target, path: str | Path | None) -> DeadLetters:
    """The named file, or one of its own for this run, inside the folder of an embedded index."""
    if path is not None:
        return DeadLetters(Path(path))
    folder = Path(target.location) / "dead-letters" if target.engine == "embedded" else Path()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    return DeadLetters(folder / f"{stamp}-{os.getpid()}-{time.monotonic_ns() % 1_000_000}.jsonl")
