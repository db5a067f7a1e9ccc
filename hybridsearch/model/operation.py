"""What a stream of documents may hold: documents, changes of some of their fields, deletions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from hybridsearch.errors import DocumentError
from hybridsearch.model.document import Document, as_document, check_id, check_version, version_of
from hybridsearch.model.shown import shown

__all__ = ["Delete", "Operation", "Update", "as_operation"]


@dataclass(frozen=True, slots=True)
class Update:
    """Other values for some fields of a document that is there; its other fields stay.

    Its parts are those of a Document. Vectors that were encoded follow their text; vectors that
    were given stay until others are given, or None, which leaves their field to the encoder.
    """

    id: str
    fields: Mapping[str, Any]
    vectors: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """A document that is to go; that it is not there is no failure."""

    id: str
    version: int | None = None


Operation: TypeAlias = Document | Update | Delete

_OPERATIONS: Final = ("index", "update", "delete")


def as_operation(given: Any, vector_fields: Mapping[str, Any]) -> Operation:
    """An Operation as it is, or that of a plain dict: what `_op` says, "index" (a document, as
    without it), "update" or "delete". Raises DocumentError."""
    if isinstance(given, Delete):
        check_id(given.id)
        check_version(given.version, given.id)
        return given
    if isinstance(given, Update):
        as_document(Document(given.id, given.fields, given.vectors, given.version), {})
        return given
    if isinstance(given, Document) or not isinstance(given, Mapping) or "_op" not in given:
        return as_document(given, vector_fields)
    match given["_op"]:
        case "index":
            return as_document(given, vector_fields)
        case "update":
            read = as_document(given, vector_fields)
            taken = {name: None for name in vector_fields if name in given and given[name] is None}
            return Update(read.id, read.fields, {**read.vectors, **taken}, read.version)
        case "delete":
            id: Any = given["id"] if "id" in given else given.get("_id")
            check_id(id)
            return Delete(id, version_of(given, id))
    raise DocumentError(
        f"its _op is {shown(given['_op'])}: it is one of {', '.join(_OPERATIONS)}",
        id=given.get("id") if isinstance(given.get("id"), str) else None,
        field="_op",
    )
