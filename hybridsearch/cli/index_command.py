"""`hybridsearch index`: documents from sources into an index, which is made if it is new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from hybridsearch.cli.arguments import (
    Cache,
    Counts,
    IdColumn,
    Normalise,
    Query,
    Settings,
    Sources,
    Target,
    no_source,
    settings_of,
)
from hybridsearch.cli.checkpoints import CheckpointFile, Restart, checkpoint_of
from hybridsearch.cli.console import many, print_json, say
from hybridsearch.cli.guessing import schema_of
from hybridsearch.cli.indexing_progress import shown_progress
from hybridsearch.cli.stopping import Stop, Stopped
from hybridsearch.encoding.load import DEFAULT_MODEL, NO_ENCODER
from hybridsearch.errors import ConfigurationError, IndexNotFoundError
from hybridsearch.indexing.sources.open import open_sources
from hybridsearch.indexing.sources.source import RecordStream, Source
from hybridsearch.model.response import IndexReport
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.index import HybridIndex

SET_ASIDE = 3


def index(
    target: Target,
    sources: Sources,
    *,
    query: Query = None,
    id: IdColumn = None,
    schema: Annotated[
        Path | None, typer.Option(help="The schema of a new index; guessed if left out.")
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="The model of a new index: a name, a folder, or 'none' where every document "
            f"brings its vectors. [default: {DEFAULT_MODEL}]"
        ),
    ] = None,
    settings: Settings = None,
    cache: Cache = None,
    dead_letters: Annotated[
        Path | None, typer.Option(help="The file for documents that are set aside.")
    ] = None,
    checkpoint: CheckpointFile = None,
    restart: Restart = False,
    normalise_vectors: Normalise = False,
    json: Counts = False,
) -> None:
    """Index documents; those with an id that is known replace the old ones.

    Ctrl-C and SIGTERM store what was read. However it ended, the same command goes on where it
    was, as long as its files are the same; standard input is read from its beginning.
    """
    dead_letters = no_source(dead_letters, sources)
    source = open_sources(sources, query=query, id=id)
    opened, records = _opened(target, source, schema, encoder, settings_of(settings), cache)
    stop = Stop()
    with stop.listening(), opened, shown_progress(source.reading, "indexing") as progress:
        try:
            report = opened.add(
                stop.until(records),
                normalise_vectors=normalise_vectors,
                dead_letters=dead_letters,
                checkpoint=checkpoint_of(target, sources, source, checkpoint, restart=restart),
                progress=progress,
            )
        except Stopped as stopped:
            if source.reading.fraction is not None:
                stopped.add_note(f"{source.reading.fraction:.0%} of the source was read")
            raise
    _tell(report, json)
    if report.failed:
        raise typer.Exit(SET_ASIDE)


def _opened(
    target: str,
    source: Source,
    schema_file: Path | None,
    encoder: str | None,
    settings: dict[str, Any] | None,
    cache: str | None,
) -> tuple[HybridIndex, RecordStream]:
    given = Schema.load(schema_file) if schema_file is not None else None
    try:
        opened = HybridIndex.open(
            target,
            encoder=None if encoder == NO_ENCODER else encoder,
            settings=settings,
            cache=cache,
        )
    except IndexNotFoundError:
        opened = None
    if opened is not None:
        if given is not None and not _fits(given, opened.schema):
            opened.close()
            raise ConfigurationError(
                f"the index at {target} exists with another schema than {schema_file}: leave "
                "--schema out to add to it, or make a new index"
            )
        return opened, source.records
    records = source.records
    if given is None:
        found = schema_of(source)
        given, records = found.schema, found.records
        if encoder == NO_ENCODER and all(field.dims is None for field in given.dense.values()):
            given = given.model_copy(update={"dense": {}})
            say(
                "no document brings a vector, as far as can be seen, and there is no encoder: the "
                "index is searched by text alone"
            )
        say(
            f"schema {found.origin} (write your own with "
            "`hybridsearch schema SOURCE --output FILE` and --schema FILE):"
        )
        say(given.to_json().strip())
    setting = None if encoder == NO_ENCODER else encoder or DEFAULT_MODEL
    made = HybridIndex.create(target, schema=given, encoder=setting, settings=settings, cache=cache)
    return made, records


def _fits(given: Schema, existing: Schema) -> bool:
    dims = {name: field.dims for name, field in existing.dense.items()}
    dense = {
        name: field.model_copy(update={"dims": field.dims or dims.get(name)})
        for name, field in given.dense.items()
    }
    return given.model_copy(update={"dense": dense}) == existing


def _most(report: IndexReport) -> str:
    return "" if report.exact else "at most "


def came_again(duplicates: int) -> str:
    """What is added about ids that a source has more than once."""
    return f"; {many(duplicates, 'id')} came again, the last was kept" if duplicates else ""


def _not_encoded(report: IndexReport) -> str:
    places = {"the index": report.reused, "the embedding cache": report.cached}
    told = [f"{count:,} from {place}" for place, count in places.items() if count]
    return f"; texts not encoded again: {', '.join(told)}" if told else ""


def _tell(report: IndexReport, json: bool) -> None:
    rate = report.indexed / max(report.seconds, 1e-9)
    say(
        f"{many(report.indexed, 'document')} indexed ({many(report.passages, 'passage')}) in "
        f"{report.seconds:.1f} s, {rate:,.0f}/s"
        + (f"; {_most(report)}{report.replaced:,} replaced" if report.replaced else "")
        + (f"; {report.updated:,} updated" if report.updated else "")
        + (f"; {report.deleted:,} deleted" if report.deleted else "")
        + (f"; {report.outdated:,} older than what is stored" if report.outdated else "")
        + came_again(report.duplicates)
        + _not_encoded(report)
        + (f"; {report.resumed:,} records were done by earlier runs" if report.resumed else "")
    )
    if report.failed:
        first = f"; the first: {report.failures[0].reason}" if report.failures else ""
        say(f"set aside in {report.dead_letters}: {many(report.failed, 'document')}{first}")
    if json:
        print_json(report.as_dict())
