"""The document: what the user puts in, an id with fields and, if they have them, vectors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from hybridsearch.errors import DocumentError

MAXIMUM_ID_BYTES = 512


@dataclass(frozen=True, slots=True)
class Document:
    """An id, its fields, and vectors for those vector fields that are not to be encoded here.

    fields: text fields (a string, or a list of strings), metadata fields (a value or a list).
    vectors: by vector field, float[dims] for the whole text, float[passages, dims], or
    hybridsearch.engines.calls.PassageVectors with the places of passages, as `scan` gives them.
    """

    id: str
    fields: Mapping[str, Any]
    vectors: Mapping[str, Any] = field(default_factory=dict)


def as_document(given: Any, vector_fields: Mapping[str, Any]) -> Document:
    """A Document from a Document or a plain dict with `id` or `_id`; raises DocumentError.

    In a dict, a key that is the name of a vector field holds vectors.
    """
    if isinstance(given, Document):
        check_id(given.id)
        if given.fields.__class__ is not dict and not isinstance(given.fields, Mapping):
            raise DocumentError("its fields must be a mapping of names to values", id=given.id)
        return given
    if given.__class__ is not dict and not isinstance(given, Mapping):
        raise DocumentError(f"a document must be an object with an id, not {_kind(given)}")
    id: Any = given["id"] if "id" in given else given.get("_id")
    check_id(id)
    fields = {}
    vectors = {}
    for name, value in given.items():
        if name in {"id", "_id"}:
            continue
        if name in vector_fields:
            if value is not None:
                vectors[name] = value
        else:
            fields[name] = value
    return Document(id, fields, vectors)


def check_id(id: Any) -> None:
    """Refuse an id that no engine could keep; raises DocumentError."""
    if id is None:
        raise DocumentError("it has no id: give it a string under 'id' (or '_id')")
    if not isinstance(id, str):
        raise DocumentError(f"its id must be a string, not {_kind(id)} {id!r}: write it in quotes")
    if not id:
        raise DocumentError("its id is empty")
    if "\x00" in id:
        raise DocumentError("its id contains a NUL character", id=id)
    try:
        size = len(id.encode())
    except UnicodeEncodeError as error:
        raise DocumentError(f"its id is not valid Unicode ({error.reason})") from error
    if size > MAXIMUM_ID_BYTES:
        raise DocumentError(f"its id is {size} bytes long; at most {MAXIMUM_ID_BYTES} are possible")


def _kind(value: Any) -> str:
    return {
        "NoneType": "null",
        "int": "the number",
        "float": "the number",
        "bool": "the boolean",
        "str": "a string",
        "list": "a list",
        "dict": "an object",
    }.get(type(value).__name__, f"a {type(value).__name__}")
