"""Where the vectors of a batch come from: they were given, are in the index, or are encoded."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, TypeAlias

from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.digest import vectors_digest
from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
from hybridsearch.engines.reading_calls import GetDigests, GetVectors, GotDigests, GotVectors
from hybridsearch.indexing.batch import Batch
from hybridsearch.indexing.prepare import Prepared
from hybridsearch.model.schema import Schema

EmbeddingStep: TypeAlias = EncodeDocuments | GetDigests | GetVectors
_Vectors: TypeAlias = dict[str, PassageVectors]


def embed(
    batch: Batch, schema: Schema, encoder: str
) -> Generator[EmbeddingStep, Any, list[WriteDocument | DeleteDocument]]:
    """The documents of a batch with all their vectors, counted in the batch by where they are from.

    What the index has of a text is taken from there: a document that changed elsewhere than in
    its embedded text is not encoded again. encoder: the digest of its fingerprint.
    """
    planned = [entry.planned for entry in batch.documents.values()]
    prepared = [document for document in planned if isinstance(document, Prepared)]
    digests = [_digests(document, schema, encoder) for document in prepared]
    made: list[_Vectors] = [dict(document.vectors) for document in prepared]
    batch.reused += yield from _reuse(prepared, digests, made)
    for name, dense in schema.dense.items():
        which = [at for at, texts in enumerate(digests) if name in texts and name not in made[at]]
        if not which:
            continue
        texts = [prepared[at].to_encode[name] for at in which]
        encoded: EncodedDocuments = yield EncodeDocuments(texts, dense.window, dense.overlap)
        batch.cached += encoded.cached
        for at, spans, vectors in zip(which, encoded.spans, encoded.vectors, strict=True):
            made[at][name] = PassageVectors(spans, vectors, digests[at][name])
    vectors_of = {document.id: vectors for document, vectors in zip(prepared, made, strict=True)}
    return [
        _ready(document, vectors_of[document.id]) if isinstance(document, Prepared) else document
        for document in planned
    ]


def _ready(document: Prepared, vectors: _Vectors) -> WriteDocument:
    return WriteDocument(
        document.id,
        document.source,
        document.fields,
        document.text,
        document.metadata,
        vectors,
        document.digest,
        document.version,
        document.state,
    )


def _digests(document: Prepared, schema: Schema, encoder: str) -> dict[str, str]:
    return {
        name: vectors_digest(text, schema.dense[name].window, schema.dense[name].overlap, encoder)
        for name, text in document.to_encode.items()
    }


def _reuse(
    documents: Sequence[Prepared], digests: Sequence[Mapping[str, str]], made: Sequence[_Vectors]
) -> Generator[GetDigests | GetVectors, Any, int]:
    """Take the vectors of unchanged texts from the index; returns how many texts.

    Digests are read first, since they are small and most often there is nothing to take.
    """
    asked = {
        document.id: texts for document, texts in zip(documents, digests, strict=True) if texts
    }
    if not asked:
        return 0
    known: GotDigests = yield GetDigests(tuple(asked))
    unchanged = {
        id: [name for name, digest in asked[id].items() if there.text.get(name) == digest]
        for id, there in known.digests.items()
    }
    ids = tuple(id for id, names in unchanged.items() if names)
    if not ids:
        return 0
    fields = tuple(dict.fromkeys(name for names in unchanged.values() for name in names))
    stored: GotVectors = yield GetVectors(ids, fields)
    reused = 0
    for document, vectors in zip(documents, made, strict=True):
        for name, passages in stored.documents.get(document.id, {}).items():
            # It may have been replaced since: the digest that came with the vectors counts.
            if passages.digest is not None and passages.digest == asked[document.id].get(name):
                vectors[name] = passages
                reused += 1
    return reused
