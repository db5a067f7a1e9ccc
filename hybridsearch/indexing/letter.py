"""One line of a dead-letter file: a document that was set aside, and what is known of it."""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson

from hybridsearch.engines.calls import PassageVectors
from hybridsearch.model.document import Document
from hybridsearch.model.operation import Delete, Operation, Update

LONGEST_TEXT: Final = 1_000_000
LONGEST_DOCUMENT: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Letter:
    """A line that was read back. document: None where it was not kept whole, or is none."""

    place: str
    target: str | None
    document: dict[str, Any] | None


def letter(place: str, id: str | None, reason: str, target: str | None, document: Any) -> bytes:
    """The JSON line `{"place", "id", "reason", "target", "document"}`.

    The document is kept as it was given, so that it can be corrected and sent again; one that JSON
    cannot hold as it is, or that is larger than 50 MB, is kept as text, which may be shortened.
    """
    return b'{"place":%b,"id":%b,"reason":%b,"target":%b,"document":%b}\n' % (
        _string(place),
        b"null" if id is None else _string(id),
        _string(reason),
        b"null" if target is None else _string(target),
        _kept(document),
    )


def read_letter(line: bytes) -> Letter | None:
    """A line of a dead-letter file; None for a line that is none."""
    try:
        found = orjson.loads(line)
    except ValueError:
        return None
    if not isinstance(found, dict) or not {"place", "reason", "document"} <= found.keys():
        return None
    document = found["document"]
    return Letter(
        str(found["place"]), found.get("target"), document if isinstance(document, dict) else None
    )


def _kept(document: Any) -> bytes:
    if isinstance(document, str):
        return _string(document)
    if isinstance(document, Document | Update | Delete):
        if not _has_mappings(document):
            return _string(repr(document))
        document = _as_dict(document)
    try:
        text = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError, RecursionError):
        return _string(_described(document))
    # JSON has no numbers that are not finite: what reads null would be sent as such.
    whole = len(text) <= LONGEST_DOCUMENT and not _holds_odd_numbers(document)
    return text if whole else _string(text.decode())


def _has_mappings(operation: Operation) -> bool:
    parts: tuple[Any, ...] = ()
    if not isinstance(operation, Delete):
        parts = operation.fields, operation.vectors
    return all(isinstance(part, Mapping) for part in parts)


def _as_dict(operation: Operation) -> dict[str, Any]:
    about: dict[str, Any] = {"id": operation.id}
    if operation.version is not None:
        about["_version"] = operation.version
    if isinstance(operation, Delete):
        return {**about, "_op": "delete"}
    if isinstance(operation, Update):
        about["_op"] = "update"
    vectors = {name: _plain(given) for name, given in operation.vectors.items()}
    return {**about, **operation.fields, **vectors}


def _plain(vectors: Any) -> Any:
    if not isinstance(vectors, PassageVectors):
        return vectors
    plain = {"spans": vectors.spans, "vectors": vectors.vectors}
    return plain if vectors.digest is None else {**plain, "digest": vectors.digest}


def _described(document: Any) -> str:
    try:
        return orjson.dumps(document, default=repr, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    except (TypeError, ValueError, RecursionError):
        pass
    try:
        return repr(document)
    except RecursionError:
        return reprlib.repr(document)  # shortened, since it is nested too deep to be written


def _holds_odd_numbers(value: Any) -> bool:
    if isinstance(value, float | np.floating):
        return not np.isfinite(value)
    if isinstance(value, np.ndarray):
        return value.dtype.kind == "f" and not np.isfinite(value).all()
    if isinstance(value, Mapping):
        return any(_holds_odd_numbers(part) for part in value.values())
    return isinstance(value, list | tuple) and any(_holds_odd_numbers(part) for part in value)


def _string(text: str) -> bytes:
    if len(text) > LONGEST_TEXT:
        text = text[:LONGEST_TEXT] + "…"
    return orjson.dumps(text.encode("utf-8", "replace").decode())
