"""An index that exists, as a source: its documents without their vectors, in the order of ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from hybridsearch import registry
from hybridsearch.engines.calls import Count, Counted, Open, Opened, Scan, Scanned
from hybridsearch.engines.pages import pages
from hybridsearch.engines.protocol import Call, Engine, EngineOptions
from hybridsearch.errors import ConfigurationError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.source import CountedReading, RecordStream, Source, SourceOptions
from hybridsearch.model.document import Document
from hybridsearch.model.target import Target

_PAGE: Final = 500


def open_index(location: str, options: SourceOptions) -> Source:  # noqa: ARG001 - the source says it whole
    """The source of a target; an engine of another package can announce it under its own name."""
    options.without_query()
    if options.id is not None:
        raise ConfigurationError(
            f"{options.source} is an index and knows the ids of its documents: leave --id out"
        )
    opening = _opening(options.source)
    engine = opening()
    try:
        opened: Opened = _ask(engine, Open())
    finally:
        engine.close()
    reading = CountedReading()
    records = _records(opening, options.source, reading)
    # The documents come without their vectors: whoever makes new ones says how long they are.
    schema = opened.definition.schema.without_dims()
    return Source(options.source, records, reading, schema=schema)


def _opening(source: str) -> Callable[[], Engine]:
    """What makes the engine, each time anew: nothing is held open before records are read."""
    target = Target.parse(source)
    at = registry.load("engines", target.engine)
    return lambda: at(target.location, EngineOptions(source))


def _records(opening: Callable[[], Engine], name: str, reading: CountedReading) -> RecordStream:
    engine = opening()
    try:
        _ask(engine, Open())
        counted: Counted = _ask(engine, Count())
        reading.total = counted.documents
        for document in pages(lambda after: _scanned(engine, after)):
            reading.done += 1
            yield Located(f"{name} document {document.id!r}", document)
    finally:
        engine.close()


def _scanned(engine: Engine, after: str | None) -> Sequence[Document]:
    page: Scanned = _ask(engine, Scan(after, _PAGE))
    return page.documents


def _ask(engine: Engine, call: Call) -> Any:
    return engine.perform([call])[0]
