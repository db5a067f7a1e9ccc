"""An update made into the whole document that it leaves."""

from __future__ import annotations

from typing import Any

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.engines.reading_calls import Whole
from hybridsearch.errors import DocumentError
from hybridsearch.model.document import Document
from hybridsearch.model.embedded_text import embedded_text, field_text
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
    vectors = dict(update.vectors)
    for name, dense in schema.dense.items():
        passages: PassageVectors = before.vectors[name]
        if name in vectors or not len(passages.vectors):
            continue
        same = _embedded(fields, dense) == _embedded(before.fields, dense)
        if passages.digest or same:
            vectors[name] = passages
        elif passages.digest is None or not encodes:
            vectors[name] = passages.vectors  # given: where they lie in the text is another matter
    return Document(update.id, fields, vectors, update.version), stored.state


def _embedded(fields: Any, dense: DenseField) -> str:
    return embedded_text(
        {name: field_text(fields.get(name)) for name in dense.embeds}, dense.embeds
    )
