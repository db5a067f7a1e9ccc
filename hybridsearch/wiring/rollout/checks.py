"""Checks before a new version serves: its count, and a sample of queries put to both versions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from hybridsearch.errors import RolloutError
from hybridsearch.model.response import IndexReport
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.index import HybridIndex
from hybridsearch.wiring.rollout.wanted import Wanted

SAMPLE = 20
RESULTS = 10
_WORDS = 8
_LEAST_SHARE = 0.5


@dataclass(frozen=True)
class Checked:
    """documents: of the old version and the new; overlap: the mean share of the old version's ten
    best that are among the new one's; silent: queries that only the old version has hits for."""

    documents: tuple[int, int]
    queries: int
    overlap: float
    silent: tuple[str, ...]


def check(old: HybridIndex, new: HybridIndex, queries: Sequence[str]) -> Checked:
    """Compare both versions by what they hold and find; queries: the beginnings of some documents
    where none are given."""
    asked = list(queries) or _queries_from(old)
    overlaps = []
    silent = []
    for query, before, after in zip(asked, _found(old, asked), _found(new, asked), strict=True):
        if before and not after:
            silent.append(query)
        if before:
            overlaps.append(sum(id in after for id in before) / len(before))
    return Checked(
        (old.count(), new.count()),
        len(asked),
        sum(overlaps) / len(overlaps) if overlaps else 1.0,
        tuple(silent),
    )


def _found(index: HybridIndex, queries: Sequence[str]) -> list[list[str]]:
    """The ids of the best hits, by query."""
    responses = index.search_many(queries, k=RESULTS, fields=(), passages=0)
    return [[hit.id for hit in response.hits] for response in responses]


def _queries_from(index: HybridIndex) -> list[str]:
    schema: Schema = index.schema
    found = []
    for document in islice(index.scan(), SAMPLE):
        texts = (document.fields.get(name) for name in schema.text)
        text = next((text for text in texts if isinstance(text, str) and text.strip()), None)
        if text is not None:
            found.append(" ".join(text.split()[:_WORDS]))
    return found


def judge(checked: Checked, wanted: Wanted) -> None:
    """Raises RolloutError where the new version does not look like the old one's heir."""
    before, after = checked.documents
    wrong = []
    if after < _LEAST_SHARE * before:
        wrong.append(f"it has only {after:,} documents where {before:,} are served")
    if checked.silent:
        wrong.append(f"it finds nothing for {len(checked.silent)} queries, {checked.silent[0]!r}")
    if wrong and not wanted.force:
        raise RolloutError(
            f"the new version is not served, since {'; '.join(wrong)}: look at it, and say force "
            "(--force) to serve it, or restart (--restart) to make it anew"
        )


def check_complete(old: HybridIndex, new: HybridIndex, refused: int, wanted: Wanted) -> None:
    """Raises RolloutError where a version made of the old one's documents lacks some of them.

    Asked while writes are held: before that, the old one may always be a few ahead.
    """
    before, after = old.count(), new.count()
    if wanted.documents is None and after + refused < before and not wanted.force:
        raise RolloutError(
            f"the new version is not served, since it has {after:,} documents and the one that "
            f"serves has {before:,}: run the roll-out again, or begin anew with restart "
            "(--restart)"
        )


def set_aside(report: IndexReport) -> str:
    """What to say of a load that not all documents were fit for."""
    return (
        f"{report.failed} documents were set aside in {report.dead_letters}, so that the new "
        f"version is not served ({report.failures[0].reason}): correct them, or say force "
        "(--force) to go without them; what is loaded stays for the next call"
    )
