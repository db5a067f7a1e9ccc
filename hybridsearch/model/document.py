"""The document: what the user puts in, an id with fields and, if they have them, vectors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from hybridsearch.errors import DocumentError, QueryError
from hybridsearch.model.shown import shown

MAXIMUM_ID_BYTES = 512
MAXIMUM_VERSION = 2**63 - 1
# Keys of a dict that are about the document rather than part of it.
_ABOUT = frozenset({"id", "_id", "_op", "_version"})
_WHOLE = re.compile(r"[0-9]{1,19}")


@dataclass(frozen=True, slots=True)
class Document:
    """An id, its fields, and vectors for those vector fields that are not to be encoded here.

    fields: text fields (a string, or a list of strings), metadata fields (a value or a list).
    vectors: by vector field, float[dims] for the whole text, float[passages, dims], or
    hybridsearch.engines.calls.PassageVectors with the places of passages, as `scan` gives them.
    version: a whole number that grows as the document changes where it comes from, such as the
    time of its last change: it is not stored where the index has a newer one.
    """

    id: str
    fields: Mapping[str, Any]
    vectors: Mapping[str, Any] = field(default_factory=dict)
    version: int | None = None


def as_document(given: Any, vector_fields: Mapping[str, Any]) -> Document:
    """A Document from a Document or a plain dict with `id` or `_id`; raises DocumentError.

    In a dict, a key that is the name of a vector field holds vectors, and `_version` the version.
    """
    if isinstance(given, Document):
        check_id(given.id)
        check_version(given.version, given.id)
        if given.fields.__class__ is not dict and not isinstance(given.fields, Mapping):
            raise DocumentError("its fields must be a mapping of names to values", id=given.id)
        if given.vectors.__class__ is not dict and not isinstance(given.vectors, Mapping):
            raise DocumentError("its vectors must be a mapping of vector fields", id=given.id)
        if given.fields.__class__ is dict:
            return given
        return replace(given, fields=dict(given.fields))
    if given.__class__ is not dict and not isinstance(given, Mapping):
        raise DocumentError(f"a document must be an object with an id, not {_kind(given)}")
    id: Any = given["id"] if "id" in given else given.get("_id")
    check_id(id)
    fields = {}
    vectors = {}
    for name, value in given.items():
        if name in _ABOUT:
            continue
        if name in vector_fields:
            if value is not None:
                vectors[name] = value
        else:
            fields[name] = value
    return Document(id, fields, vectors, version_of(given, id))


def version_of(given: Mapping[str, Any], id: str) -> int | None:
    """What a dict has under `_version`, also as text; raises DocumentError."""
    version: Any = given.get("_version")
    if isinstance(version, str) and _WHOLE.fullmatch(version.strip()):
        version = int(version)
    check_version(version, id)
    found: int | None = version
    return found


def check_version(version: Any, id: str) -> None:
    """Refuse a version that no engine could compare; raises DocumentError."""
    if version is None or (type(version) is int and 0 <= version < MAXIMUM_VERSION):
        return
    raise DocumentError(
        f"its version must be a whole number from 0 to 2**63 - 2, not {_kind(version)} "
        f"{shown(version)}: give the time of its last change in milliseconds, say",
        id=id,
        field="_version",
    )


def is_older(version: int | None, than: int | None) -> bool:
    """Whether a version is older than another; one that is not told never is."""
    return version is not None and than is not None and version < than


def check_id(id: Any) -> None:
    """Refuse an id that no engine could keep; raises DocumentError."""
    if id is None:
        raise DocumentError(
            "it has no id: give it a string under 'id' (or '_id'), or name its field with --id"
        )
    if not isinstance(id, str):
        raise DocumentError(
            f"its id must be a string, not {_kind(id)} {shown(id)}: write it in quotes, "
            "or let --id id make text of whole numbers"
        )
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


def asked_id(id: object, name: str = "an id") -> str:
    """The id of a document that is looked for, or the place of one in the order of ids, whether
    or not there is one; raises QueryError for what is no text."""
    if not isinstance(id, str):
        raise QueryError(f"{name} must be a string, not {shown(id)}")
    try:
        id.encode()
    except UnicodeEncodeError as error:
        raise QueryError(f"{name} is not valid Unicode ({error.reason}): {id!r}") from error
    return id


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
