"""Every error the package raises, in one tree.

* HybridSearchError
  * ConfigurationError: a setting cannot be used
    * UnknownNameError: no plug-in, field or retriever has this name
    * MissingDependencyError: an optional package is not installed
  * DataError: a document or a query cannot be accepted
    * SchemaError: the schema itself is wrong
    * DocumentError: one document is wrong
    * QueryError: one query is wrong
      * FilterError: the filter is wrong, at a position
    * SourceError: a source of documents cannot be read
    * CheckpointError: a checkpoint belongs to another run
    * SyncStoppedError: a sync would delete more than it may
  * EncoderError: text could not be turned into vectors
    * EncoderMismatchError: the index was made with another encoder
  * EngineError: the engine could not do what was asked
    * IndexNotFoundError, IndexExistsError
    * WriterBusyError: another process is writing to the index
    * StorageError: the disk refused (full, read-only, damaged)
    * UnavailableError: no server answers, or it has no room
      * DeadlineError: no answer came within the time of the request
      * WritesHeldError: a roll-out holds writes for a moment
    * NotAuthenticatedError, ForbiddenError: the server does not let the caller in, or not do this
    * UnsupportedServerError: the server is another product, or a version that is not supported
    * MappingMismatchError: the index is there, and is not as it has to be
    * RefusedError: the server understood the request and refused it
    * PartialResultsError: a part of the index did not answer
    * RolloutError: a new version cannot serve, so that the old one goes on

A message says what was wrong, where, and what to do about it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "CheckpointError",
    "ConfigurationError",
    "DataError",
    "DeadlineError",
    "DocumentError",
    "EncoderError",
    "EncoderMismatchError",
    "EngineError",
    "FilterError",
    "ForbiddenError",
    "HybridSearchError",
    "IndexExistsError",
    "IndexNotFoundError",
    "MappingMismatchError",
    "MissingDependencyError",
    "NotAuthenticatedError",
    "PartialResultsError",
    "QueryError",
    "RefusedError",
    "RolloutError",
    "SchemaError",
    "SourceError",
    "StorageError",
    "SyncStoppedError",
    "UnavailableError",
    "UnknownNameError",
    "UnsupportedServerError",
    "WriterBusyError",
    "WritesHeldError",
]


class HybridSearchError(Exception):
    """The root: catch this to catch everything the package raises on purpose."""


class ConfigurationError(HybridSearchError):
    """A setting cannot be used as given."""


class UnknownNameError(ConfigurationError):
    """No such name; the message lists the known ones and the nearest."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.name = name
        self.known = sorted(known)
        near = difflib.get_close_matches(name.lower(), self.known, n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        listed = ", ".join(self.known) or "none"
        super().__init__(f"unknown {kind} {name!r}{hint} Known: {listed}.")


class MissingDependencyError(ConfigurationError):
    """An optional package is needed; the message names the extra that brings it."""

    def __init__(self, package: str, extra: str, purpose: str) -> None:
        self.package = package
        self.extra = extra
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'hybridsearch[{extra}]'."
        )


class DataError(HybridSearchError):
    """A document or a query cannot be accepted."""


class SchemaError(DataError):
    """The schema is wrong or does not fit."""


class DocumentError(DataError):
    """One document cannot be accepted: its reason, its id where known, its field where known."""

    def __init__(self, reason: str, *, id: str | None = None, field: str | None = None) -> None:
        self.reason = reason
        self.id = id
        self.field = field
        subject = f"document {id!r}" if id is not None else "document"
        place = f", field {field!r}" if field is not None else ""
        super().__init__(f"{subject}{place}: {reason}")


class QueryError(DataError):
    """One query cannot be accepted."""


class FilterError(QueryError):
    """A filter is wrong; `position` is the offset into its text, where it was written as text."""

    def __init__(
        self, reason: str, *, text: str | None = None, position: int | None = None
    ) -> None:
        self.reason = reason
        self.text = text
        self.position = position
        message = f"filter: {reason}"
        if text is not None and position is not None:
            message += f"\n  {text}\n  {' ' * position}^"
        super().__init__(message)


class SourceError(DataError):
    """A source of documents cannot be read."""


class CheckpointError(DataError):
    """A checkpoint belongs to another index, to another source, or to what has changed since."""


class SyncStoppedError(DataError):
    """A sync would delete more than it may, or what it may not be sure of: nothing was deleted."""


class EncoderError(HybridSearchError):
    """Text could not be turned into vectors."""


class EncoderMismatchError(EncoderError):
    """The index was made with another encoder than the one given."""


class EngineError(HybridSearchError):
    """The engine could not do what was asked."""


class IndexNotFoundError(EngineError):
    """There is no index at the target."""


class IndexExistsError(EngineError):
    """There is an index at the target already."""


class WriterBusyError(EngineError):
    """Another process or another open index is writing to the same index."""


class StorageError(EngineError):
    """The disk refused: it is full, read-only or damaged."""


class UnavailableError(EngineError):
    """No server answers, or it has no room for the request; trying later may help."""


class DeadlineError(UnavailableError):
    """No answer came within the time of the request."""


class WritesHeldError(UnavailableError):
    """Somebody holds writes to the index, as a roll-out does for a moment."""


class NotAuthenticatedError(EngineError):
    """The server does not know who is asking."""


class ForbiddenError(EngineError):
    """The server knows who is asking and does not allow this."""


class UnsupportedServerError(EngineError):
    """The server is another product, or a version that is not supported."""


class MappingMismatchError(EngineError):
    """The index exists, and its mapping is not what its schema needs."""


class RefusedError(EngineError):
    """The server understood the request and refused it."""


class PartialResultsError(EngineError):
    """A part of the index did not answer, and the caller did not allow for that."""


class RolloutError(EngineError):
    """A new version of an index is not fit to serve; the old one goes on."""
