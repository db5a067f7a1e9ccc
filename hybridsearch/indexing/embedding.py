"""Where the vectors of a batch come from: they were given, are in the index, or are encoded."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.digest import vectors_digest
from hybridsearch.engines.calls import PassageVectors, WriteDocument
from hybridsearch.engines.reading_calls import GetDigests, GetVectors, GotDigests, GotVectors
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.rules import Rules

EmbeddingStep: TypeAlias = EncodeDocuments | GetDigests | GetVectors


def embed(batch: Batch, rules: Rules) -> Generator[EmbeddingStep, Any, None]:
    """Give the documents of a batch the vectors that they lack, counted by where they are from.

    What the index has of a text is taken from there: a document that changed elsewhere than in
    its embedded text is not encoded again.
    """
    lacking = [_Lacking.of(id, texts, rules) for id, texts in batch.to_encode.items()]
    if not lacking:
        return
    batch.reused += yield from _reuse(lacking)
    for name, dense in rules.schema.dense.items():
        without = [one for one in lacking if name in one.digests and name not in one.vectors]
        if not without:
            continue
        texts = [one.texts[name] for one in without]
        encoded: EncodedDocuments = yield EncodeDocuments(texts, dense.window, dense.overlap)
        batch.cached += encoded.cached
        for one, spans, vectors in zip(without, encoded.spans, encoded.vectors, strict=True):
            one.vectors[name] = PassageVectors(spans, vectors, one.digests[name])
    for one in lacking:
        write = batch.documents[one.id]
        if isinstance(write, WriteDocument):
            batch.documents[one.id] = replace(write, vectors={**write.vectors, **one.vectors})
    batch.to_encode.clear()


@dataclass(frozen=True, slots=True, eq=False)
class _Lacking:
    """A document whose texts want vectors: these texts, their digests, and vectors so far, each by
    vector field."""

    id: str
    texts: Mapping[str, str]
    digests: Mapping[str, str]
    vectors: dict[str, PassageVectors]

    @classmethod
    def of(cls, id: str, texts: Mapping[str, str], rules: Rules) -> _Lacking:
        digests = {}
        for name, text in texts.items():
            dense = rules.schema.dense[name]
            digests[name] = vectors_digest(text, dense.window, dense.overlap, rules.encoder)
        return cls(id, texts, digests, {})


def _reuse(lacking: Sequence[_Lacking]) -> Generator[GetDigests | GetVectors, Any, int]:
    """Take the vectors of unchanged texts from the index; returns how many texts.

    Digests are read first, since they are small and most often there is nothing to take.
    """
    known: GotDigests = yield GetDigests([one.id for one in lacking])
    unchanged = {
        one.id: names
        for one in lacking
        if (there := known.digests.get(one.id))
        and (names := [n for n, digest in one.digests.items() if there.text.get(n) == digest])
    }
    if not unchanged:
        return 0
    fields = tuple(dict.fromkeys(name for names in unchanged.values() for name in names))
    stored: GotVectors = yield GetVectors(tuple(unchanged), fields)
    reused = 0
    for one in lacking:
        for name, passages in stored.documents.get(one.id, {}).items():
            # It may have been replaced since: the digest that came with the vectors counts.
            if passages.digest is not None and passages.digest == one.digests.get(name):
                one.vectors[name] = passages
                reused += 1
    return reused
