"""Where a run leaves its trail: the documents that were set aside, and the checkpoint."""

from __future__ import annotations

import os
import time
from pathlib import Path

from hybridsearch.indexing.checkpoint import Checkpoint
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.trail import Progress, Trail
from hybridsearch.model.target import Target

_EMBEDDED = "embedded"


def named(target: Target) -> str:
    """The target in words that mean the same in every folder."""
    if target.engine == _EMBEDDED:
        return str(Target(_EMBEDDED, str(Path(target.location).absolute())))
    return str(target)


def trail_for(
    target: Target,
    dead_letters: str | Path | None,
    checkpoint: str | Path | Checkpoint | None,
    progress: Progress | None,
) -> Trail:
    """The trail of one `add`; see HybridIndex.add."""
    letters = _letters(target, dead_letters)
    given = Checkpoint(checkpoint) if isinstance(checkpoint, str | Path) else checkpoint
    return Trail(named(target), letters, given, progress)


def _letters(target: Target, path: str | Path | None) -> DeadLetters:
    """The named file, or one of its own for this run, inside the folder of an embedded index."""
    if path is not None:
        return DeadLetters(Path(path), named(target))
    embedded = target.engine == _EMBEDDED
    folder = Path(target.location) / "dead-letters" if embedded else Path()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
    name = f"{stamp}-{os.getpid()}-{time.monotonic_ns() % 1_000_000}.jsonl"
    return DeadLetters(folder / name, named(target), chosen=False)
