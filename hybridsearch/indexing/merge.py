"""An update made into the whole document that it leaves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.reading_calls import Whole
from hybridsearch.errors import DocumentError
from hybridsearch.model.document import Document
from hybridsearch.model.embedded_text import embedded_fields
from hybridsearch.model.operation import Update
from hybridsearch.model.schema import DenseField, Schema


def merged(
    update: Update, stored: Whole | None, schema: Schema, *, encodes: bool
) -> tuple[Document, Any]:
    """The document, and the state that it must still be in when it is written.

    Vectors that were encoded stay where their text does, those that were given always; those of
    which neither is known are encoded again with another text. Raises DocumentError where there is
    no such document.
    """
    if stored is None:
        raise DocumentError(
            "it updates a document that is not in the index: add the whole document first",
            id=update.id,
        )
    before = stored.document
    fields = {**before.fields, **update.fields}
    vectors = {name: given for name, given in update.vectors.items() if given is not None}
    for name, dense in schema.dense.items():
        passages: PassageVectors = before.vectors[name]
        if name in update.vectors or not len(passages.vectors):
            continue
        if passages.digest or _same_text(fields, before.fields, dense):
            vectors[name] = passages
        elif passages.digest is None or not encodes:
            vectors[name] = passages.vectors  # given: where they lie in the text is another matter
    return Document(update.id, fields, vectors, update.version), stored.state


def _same_text(one: Mapping[str, Any], other: Mapping[str, Any], dense: DenseField) -> bool:
    return embedded_fields(one, dense.embeds) == embedded_fields(other, dense.embeds)
