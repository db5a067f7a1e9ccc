"""The flow of one `sync`, or of its dry run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from hybridsearch.errors import ConfigurationError
from hybridsearch.indexing.comparison import Comparison
from hybridsearch.indexing.counts import IndexProgress
from hybridsearch.indexing.dead_letters import DeadLetters
from hybridsearch.indexing.sync import SyncFlow, compare_documents, sync_documents
from hybridsearch.indexing.trail import Progress
from hybridsearch.model.target import Target
from hybridsearch.wiring.performer import Performer
from hybridsearch.wiring.trails import trail_for


def sync_flow(
    performer: Performer,
    target: Target,
    *,
    dry_run: bool,
    most_deleted: float,
    normalise: bool,
    dead_letters: str | Path | None,
    progress: Progress | None,
) -> tuple[SyncFlow, DeadLetters]:
    """The flow, and the dead letters that it may write; see HybridIndex.sync."""
    if not _is_share(most_deleted):
        raise ConfigurationError(
            f"most_deleted is a share of the index from 0 to 1, not {most_deleted!r}"
        )
    comparison = Comparison()

    def tell(reached: IndexProgress) -> None:
        if progress is not None:
            progress(replace(reached, indexed=reached.indexed + comparison.unchanged))

    trail = trail_for(target, dead_letters, None, tell)
    rules = performer.rules(normalise=normalise)
    if dry_run:
        flow = compare_documents(rules, comparison, progress, most_deleted)
        return flow, trail.dead_letters
    return sync_documents(rules, comparison, trail, most_deleted), trail.dead_letters


def _is_share(given: object) -> bool:
    return isinstance(given, int | float | np.number) and bool(0 <= given <= 1)
