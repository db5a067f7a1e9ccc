"""Backfilling: documents that lack vectors get them, and are left as they are otherwise.

What has vectors is done, so that a run that was ended goes on where it was when it is made again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.digest import vectors_digest
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import Open, PassageVectors, Refresh
from hybridsearch.engines.cluster.adoption import read_samples, remember
from hybridsearch.engines.cluster.backfill import (
    Filling,
    Lacking,
    begin_round,
    count_lacking,
    fill,
    read_lacking,
)
from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.cluster.kept_source import check_keeps_source
from hybridsearch.engines.cluster.mapping import remembered
from hybridsearch.engines.cluster.passages import text_of
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.engines.cluster.versions import read_settings
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError
from hybridsearch.lockstep import run
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.target import Target
from hybridsearch.wiring.adoption.added import AddedField, added_field
from hybridsearch.wiring.adoption.checking import check_encoder_made
from hybridsearch.wiring.caching import CacheSetting, cache_for
from hybridsearch.wiring.clusters import cluster_at
from hybridsearch.wiring.opening import open_index
from hybridsearch.wiring.performer import Performer

Progress = Callable[[int, int], None]
ADDED: Final = "dense"
_AT_ONCE: Final = 128
# Rounds for documents that others write while vectors are made.
_ROUNDS: Final = 10
_FAILURES_TOLD: Final = 100


@dataclass
class BackfillReport:
    """filled: documents that got vectors, `passages` of them in all, the texts of `cached` from the
    embedding cache; without_text: those with nothing to make vectors of; changed: those that others
    changed each time; failed: those that the server refused, the first of them with reasons in
    `failures`; behind: whether others wrote documents without vectors faster than these got any."""

    filled: int = 0
    passages: int = 0
    cached: int = 0
    without_text: int = 0
    changed: int = 0
    failed: int = 0
    seconds: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)
    behind: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The report as plain values."""
        return asdict(self)


def backfill(
    target: str,
    *,
    encoder: str | Encoder | None = None,
    rate: float | None = None,
    cache: CacheSetting = None,
    connection: Mapping[str, Any] | None = None,
    settings: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> BackfillReport:
    """Give vectors to the documents at `target` that lack them.

    encoder: the index's own where it has one; an index without any vector field is given one for
    it, with `settings`. rate: documents a second at the most. progress: told how many documents are
    done, and how many there are to do. Others may write meanwhile: a vector is written only to a
    document that is still what the vector was made of. Raises ConfigurationError, also where the
    index keeps a part of its documents only, EncoderError and EngineError; what is filled then
    stays.
    """
    begin = time.monotonic()
    if rate is not None and rate <= 0:
        raise ConfigurationError(f"rate is documents a second, above 0, not {rate}")
    loaded = None if encoder is None else load_encoder(encoder)
    options = EngineOptions(target, connection=connection)
    otherwise = f"documents at {target} get their vectors when they are added"
    with ExitStack() as opened:
        engine = opened.enter_context(cluster_at(options, otherwise))
        kept = cache_for(cache)
        if kept is not None:
            opened.callback(kept.close)
        engine.perform([Open()])
        if not engine.definition.schema.dense:
            _add_field(engine, target, encoder, loaded, settings)
        load = run([open_index(Target.parse(target), loaded)], engine.perform)[0]
        if load is None:
            raise ConfigurationError(
                f"the index at {target} has no encoder, since its documents bring their vectors: "
                "say which one made them (--encoder)"
            )
        performer = Performer(engine, load, kept)
        filling = _Backfill(engine, performer, rate, progress or (lambda _, __: None))
        for name in engine.definition.schema.dense:
            if engine.definition.encoder is None:
                filling.check_encoder(name)
            filling.field(name)
        filling.report.seconds = time.monotonic() - begin
        return filling.report


def _add_field(
    engine: ClusterEngine,
    target: str,
    encoder: str | Encoder | None,
    loaded: Encoder | None,
    given: Mapping[str, Any] | None,
) -> None:
    """Give an index that is searched by text alone a field for vectors."""
    if loaded is None:
        raise ConfigurationError(
            f"the index at {target} has no vectors yet: say by which encoder to make them "
            "(--encoder)"
        )
    index = engine.index
    there = engine.ask(read_settings(engine.name, target))
    new = AddedField(ADDED, tuple(index.schema.text), loaded.dims)
    settings = index.settings.revised(given)
    added = added_field(new, index.schema, settings, there, engine.dialect)
    shape = None if index.shape.own else Shape(index.shape.id, {ADDED: added.shape})
    setting = encoder if isinstance(encoder, str) else loaded.name
    definition = IndexDefinition(added.schema, setting, loaded.fingerprint.as_dict())
    note = remembered(definition, added.settings, shape)
    engine.ask(remember(engine.name, target, note, added.properties))


class _Backfill:
    """The filling of an index, field by field."""

    def __init__(
        self,
        engine: ClusterEngine,
        performer: Performer,
        rate: float | None,
        progress: Progress,
    ) -> None:
        self.report = BackfillReport()
        self._engine = engine
        self._performer = performer
        self._rate = rate
        self._progress = progress
        self._most = _AT_ONCE if rate is None else max(1, min(_AT_ONCE, int(rate)))
        self._done = 0
        self._total = 0
        self._refused: set[str] = set()

    def check_encoder(self, name: str) -> None:
        """Look whether the encoder made the vectors that are there."""
        index = self._engine.index
        samples = self._engine.ask(read_samples(name, index))
        check_encoder_made(self._performer.encoder(), name, index.schema, index.shape, samples)

    def field(self, name: str) -> None:
        """Fill one field."""
        self._engine.ask(check_keeps_source(name, self._engine.index))
        self._performer.perform([Refresh()])
        self._refused.clear()
        self._total = self._done + self._engine.ask(count_lacking(name, self._engine.index))
        for _ in range(_ROUNDS):
            changed, without_text, newer = self._round(name)
            self._performer.perform([Refresh()])
            if not changed and not newer:
                break
        self.report.changed += changed
        self.report.behind |= newer
        self.report.without_text += without_text

    def _round(self, name: str) -> tuple[int, int, bool]:
        """Go once over the documents that lack vectors now; returns how many had changed, how many
        have no text, and whether others came."""
        schema = self._engine.definition.schema
        order = self._engine.ask(begin_round(name, self._engine.index))
        changed, without_text = 0, 0
        while True:
            begin = time.monotonic()
            page = self._engine.ask(read_lacking(name, self._most, order, self._engine.index))
            texts = [text_of(document.fields, name, schema) for document in page.documents]
            without_text += sum(not text.strip() for text in texts)
            known = [
                (document, text)
                for document, text in zip(page.documents, texts, strict=True)
                if text.strip() and document.id not in self._refused
            ]
            if known:
                fillings = self._encoded(name, known)
                without_text += len(known) - len(fillings)
                changed += self._fill(name, fillings)
                self._keep_to_rate(len(fillings), begin)
            if not page.more:
                return changed, without_text, page.newer

    def _encoded(self, name: str, documents: list[tuple[Lacking, str]]) -> list[Filling]:
        """The documents with their vectors, without those whose text has not one word piece."""
        dense = self._engine.definition.schema.dense[name]
        call = EncodeDocuments([text for _, text in documents], dense.window, dense.overlap)
        encoded: EncodedDocuments = self._performer.perform([call])[0]
        self.report.cached += encoded.cached
        encoder = self._performer.encoder().fingerprint.digest
        return [
            Filling(
                document,
                PassageVectors(
                    spans,
                    vectors,
                    vectors_digest(text, dense.window, dense.overlap, encoder),
                ),
            )
            for (document, text), spans, vectors in zip(
                documents, encoded.spans, encoded.vectors, strict=True
            )
            if len(vectors)
        ]

    def _fill(self, name: str, fillings: list[Filling]) -> int:
        """Write them; returns how many had changed."""
        filled = self._engine.ask(fill(name, fillings, self._engine.index))
        self.report.filled += filled.filled
        self.report.passages += filled.passages
        self.report.failed += len(filled.failures)
        for id, reason in filled.failures:
            self._refused.add(id)
            if len(self.report.failures) < _FAILURES_TOLD:
                self.report.failures[id] = reason
        self._done += filled.filled + len(filled.failures)
        self._progress(self._done, max(self._done, self._total))
        return filled.changed

    def _keep_to_rate(self, count: int, begin: float) -> None:
        """Let so many documents take their time, the next ones none of what these took longer."""
        if self._rate is not None:
            ahead = count / self._rate - (time.monotonic() - begin)
            time.sleep(max(ahead, 0.0))
