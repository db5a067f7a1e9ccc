"""An index that exists, as a source: its documents without their vectors, in the order of ids."""

from __future__ import annotations

from typing import Any, Final

from hybridsearch import registry
from hybridsearch.engines.calls import Call, Count, Counted, Open, Scan, Scanned
from hybridsearch.engines.protocol import Engine, EngineOptions
from hybridsearch.errors import ConfigurationError
from hybridsearch.indexing.records import Located
from hybridsearch.indexing.sources.source import CountedReading, RecordStream, Source, SourceOptions
from hybridsearch.model.target import Target

_PAGE: Final = 500


def open_index(location: str, options: SourceOptions) -> Source:  # noqa: ARG001 - the source says it whole
    """The source of a target; an engine of another package can announce it under its own name."""
    options.without_query()
    if options.id is not None:
        raise ConfigurationError(
            f"{options.source} is an index and knows the ids of its documents: leave --id out"
        )
    target = Target.parse(options.source)
    engine: Engine = registry.load("engines", target.engine)(
        target.location, EngineOptions(options.source)
    )
    reading = CountedReading()
    return Source(options.source, _records(engine, options.source, reading), reading)


def _records(engine: Engine, name: str, reading: CountedReading) -> RecordStream:
    try:
        _ask(engine, Open())
        counted: Counted = _ask(engine, Count())
        reading.total = counted.documents
        after = None
        while True:
            page: Scanned = _ask(engine, Scan(after, _PAGE))
            if not page.documents:
                return
            for document in page.documents:
                reading.done += 1
                yield Located(f"{name} document {document.id!r}", document)
            after = page.documents[-1].id
    finally:
        engine.close()


def _ask(engine: Engine, call: Call) -> Any:
    return engine.perform([call])[0]
