"""Copying an index from one target to another: documents, vectors, schema, encoder, settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from hybridsearch.engines.calls import Create, Open, Opened
from hybridsearch.engines.protocol import Engine, EngineOptions
from hybridsearch.errors import ConfigurationError, EngineError, IndexNotFoundError
from hybridsearch.indexing.difference import lacking
from hybridsearch.model.document import Document
from hybridsearch.model.response import IndexInfo
from hybridsearch.model.target import Target
from hybridsearch.wiring.index import HybridIndex
from hybridsearch.wiring.opening import engine_at
from hybridsearch.wiring.performer import Performer
from hybridsearch.wiring.trails import named

Progress = Callable[[int, int], None]
_TOLD_EVERY: Final = 100


@dataclass(frozen=True)
class CopyReport:
    """documents: of the copy in all; copied: those it lacked; failed: those it would not take, in
    the file dead_letters; passages: of the copied; seconds: of the whole."""

    documents: int
    copied: int
    failed: int
    passages: int
    seconds: float
    dead_letters: str | None

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)


def copy_index(
    source: str,
    target: str,
    *,
    settings: Mapping[str, Any] | None = None,
    dead_letters: str | Path | None = None,
    progress: Progress | None = None,
) -> CopyReport:
    """Make the index at `target` hold what the one at `source` holds, vectors to the last bit.

    The target is made with the source's schema, encoder, fingerprint and, on servers, settings,
    for which others may be given. Where it is there, as after a copy that was ended midway, what
    is the same in both stays and the rest is copied. progress: told how many documents have been
    looked at, and how many there are. Raises ConfigurationError where the target is made of
    another definition, EngineError where the two do not hold as much at the end.
    """
    places = Target.parse(source), Target.parse(target)
    if named(places[0]) == named(places[1]):
        raise ConfigurationError(f"{source} cannot be copied onto itself: name another target")
    with ExitStack() as opened:
        engine = engine_at(places[0], EngineOptions(source))
        opened.callback(engine.close)
        found = _open(engine)
        copy = engine_at(places[1], EngineOptions(target, settings=settings))
        opened.callback(copy.close)
        _open_or_create(copy, found, source, target)
        return _copied(
            HybridIndex(Performer(engine, None), places[0]),
            HybridIndex(Performer(copy, None), places[1]),
            dead_letters,
            progress or (lambda _, __: None),
        )


def _copied(
    origin: HybridIndex, copy: HybridIndex, dead_letters: str | Path | None, progress: Progress
) -> CopyReport:
    for index in (origin, copy):
        index.refresh()
    total = origin.count()
    there = copy.scan(vectors=True) if copy.count() else iter(())
    documents = lacking(_watched(origin.scan(vectors=True), total, progress), there)
    report = copy.add(documents, dead_letters=dead_letters)
    if report.outdated:
        raise EngineError(
            f"{report.outdated:,} documents have newer versions at {copy.target} than at "
            f"{origin.target}, and stay as they are: it was written to since it was a copy; copy "
            "to a new name"
        )
    have = copy.info()
    if not report.failed:
        _check(origin.info(), have)
    return CopyReport(
        documents=have.documents,
        copied=report.indexed,
        failed=report.failed,
        passages=report.passages,
        seconds=report.seconds,
        dead_letters=report.dead_letters,
    )


def _open(engine: Engine) -> Opened:
    opened: Any = engine.perform([Open()])[0]
    found: Opened = opened
    return found


def _open_or_create(copy: Engine, found: Opened, source: str, target: str) -> None:
    try:
        there = _open(copy).definition
    except IndexNotFoundError:
        try:
            copy.perform([Create(found.definition, found.settings)])
        except ConfigurationError as error:
            raise ConfigurationError(
                f"{error} (settings that are not given are those of {source}; --set NAME=VALUE "
                "gives others)"
            ) from error
        return
    if there != found.definition:
        what = "schema" if there.schema != found.definition.schema else "encoder"
        raise ConfigurationError(
            f"the index at {target} exists with another {what} than the one at {source}: copy to "
            f"a new name, or index {source} into it, which encodes the documents anew"
        )


def _watched(documents: Iterator[Document], total: int, progress: Progress) -> Iterator[Document]:
    """The same documents, with what has passed told now and then."""
    for number, document in enumerate(documents):
        if number % _TOLD_EVERY == 0:
            progress(number, total)
        yield document
    progress(total, total)


def _check(origin: IndexInfo, copy: IndexInfo) -> None:
    if (copy.documents, copy.passages) == (origin.documents, origin.passages):
        return
    raise EngineError(
        f"{copy.target} holds {copy.documents:,} documents and {_sum(copy):,} passages where "
        f"{origin.target} holds {origin.documents:,} and {_sum(origin):,}: it held others before, "
        "or one of them was written to meanwhile; copy again, or to a new name"
    )


def _sum(info: IndexInfo) -> int:
    return sum(info.passages.values())
