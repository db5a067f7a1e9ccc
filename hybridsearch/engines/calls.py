"""The calls a flow makes and the replies an engine gives: plain data, the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.document import Document
from hybridsearch.model.filters import Resolved


@dataclass(frozen=True, slots=True)
class Create:
    """Make a new, empty index; raises IndexExistsError where there is one.

    settings: of another index that it is to be like; an engine takes those that it knows, and
    those of its own options before them.
    """

    definition: IndexDefinition
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Open:
    """Open the index that is there; raises IndexNotFoundError where there is none."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What the index is, what keeps it, in words, and the settings that its engine has."""

    definition: IndexDefinition
    kept_by: str
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """BM25 over text fields: the weighted sum of the fields' scores, any term may match."""

    name: str
    text: str
    fields: Mapping[str, float]


@dataclass(frozen=True, slots=True, eq=False)
class DenseQuery:
    """Dot product with a vector field, float32[dims] of unit length; a document scores as its
    best passage."""

    name: str
    field: str
    vector: NDArray[np.float32]


RetrieverQuery: TypeAlias = LexicalQuery | DenseQuery


@dataclass(frozen=True, slots=True)
class Ahead:
    """Documents that will be wanted, as far as can be told before any score is known.

    An engine whose trips cost much brings about `count` documents that it takes for the best of
    the blend with these weights by query, on the trip of the candidates. It may guess wrong.
    """

    count: int
    weights: tuple[float, ...]
    fields: tuple[str, ...] | None
    passages: int


@dataclass(frozen=True, slots=True, eq=False)
class Retrieve:
    """Ask each retriever for its best `window` candidates among what `where` lets through.

    ahead: documents to bring along, where the engine gains by it; allow_partial: whether an
    answer without some part of the index is better than none.
    """

    queries: tuple[RetrieverQuery, ...]
    where: Resolved | None
    window: int
    ahead: Ahead | None = None
    allow_partial: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """One retriever's list, best first, ties by id; scores float64[n] on its true scale.

    incomplete: a part of the index did not answer, or none did, where the caller allowed for
    that: whoever is not in the list may match.
    """

    ids: Sequence[str]
    scores: NDArray[np.float64]
    incomplete: bool = False


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The lists, in the order of the queries; documents that came along, by id, None from an engine
    that is better asked once they are known; and whatever the engine wants the caller to know."""

    candidates: tuple[Candidates, ...]
    documents: Mapping[str, StoredDocument] | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Complete:
    """Ask for exact scores and for documents, in one trip.

    missing: by query, the ids whose score is wanted; fetch: ids whose stored fields are wanted,
    with their best `passages` for every dense query; fields: which ones, None for all.
    """

    queries: tuple[RetrieverQuery, ...]
    missing: tuple[Sequence[str], ...]
    fetch: Sequence[str]
    fields: tuple[str, ...] | None = None
    passages: int = 1
    allow_partial: bool = False


@dataclass(frozen=True, slots=True)
class PassageMatch:
    """A passage by its place: characters `start` to `end` of the text its field embeds.

    Both are -1 where the vector was given by the caller without offsets.
    """

    field: str
    start: int
    end: int
    score: float


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A document as the engine keeps it."""

    id: str
    fields: Mapping[str, Any]
    passages: tuple[PassageMatch, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Completed:
    """Scores float64[m] by query, in the order asked, NaN where the retriever has none for that
    document (no matching term, no vector); documents by id; milliseconds by step.

    incomplete: the queries, by position, for which a part of the index did not answer, where the
    caller allowed for that: NaN then says nothing.
    """

    scores: tuple[NDArray[np.float64], ...]
    documents: Mapping[str, StoredDocument]
    milliseconds: Mapping[str, float] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    incomplete: frozenset[int] = frozenset()


@dataclass(slots=True, eq=False)  # frozen, it takes twice as long to make
class PassageVectors:
    """A document's passages of one vector field.

    spans: int32[n, 2], start and end characters in the embedded text (-1 where unknown);
    vectors: float32[n, dims], unit rows; digest: of the text that they were encoded from and of
    the encoder (`encoding/digest.py`), None where they were given, or `digests.UNTOLD`.
    """

    spans: NDArray[np.int32]
    vectors: NDArray[np.float32]
    digest: str | None = None


@dataclass(slots=True, eq=False)  # as above
class WriteDocument:
    """A document ready to be stored.

    fields: as given, each a value of its field's type (`model/field_values.py` reads them);
    vectors: by vector field; digest: of the document as it was given, None where that is not known.

    version: given by the caller; one older than the stored document's leaves that as it is.
    state: of the document as it was read; it is stored only where nothing has changed since.
    """

    id: str
    fields: Mapping[str, Any]
    vectors: Mapping[str, PassageVectors]
    digest: str | None = None
    version: int | None = None
    state: Any = None


@dataclass(frozen=True, slots=True)
class DeleteDocument:
    """A document to be removed; version: as of WriteDocument."""

    id: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Write:
    """Store documents, replacing those with the same id, and remove some; no id comes twice.
    Durable after a Persist or Commit."""

    documents: Sequence[WriteDocument | DeleteDocument]


@dataclass(frozen=True, slots=True)
class Written:
    """How many were stored, how many of those replaced one, and how many were removed; failures:
    (position, reason).

    uncertain: how many of `replaced` may have been new, and of those that were not there may have
    been removed: the answer to a first sending was lost. outdated: positions of those whose version
    was older than the stored document's; changed: of those whose document is not in the state it
    was read in. writer: its number, where an engine may have to go on with another one.
    """

    stored: int
    replaced: int
    failures: tuple[tuple[int, str], ...] = ()
    uncertain: int = 0
    deleted: int = 0
    outdated: tuple[int, ...] = ()
    changed: tuple[int, ...] = ()
    writer: int | None = None


@dataclass(frozen=True, slots=True)
class Persist:
    """Make everything written so far durable; searches may see it or not."""


@dataclass(frozen=True, slots=True)
class Commit:
    """Make everything written so far durable and visible to searches."""


@dataclass(frozen=True, slots=True)
class Durable:
    """The reply to Persist and Commit of an engine whose writer may have to give way to another:
    what writers before this one took, and did not make durable, is lost."""

    writer: int


@dataclass(frozen=True, slots=True)
class Identify:
    """Ask which index this is: another one made in its place under the same name is another."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Text that is one index's alone; None where it is not told."""

    identity: str | None


@dataclass(frozen=True, slots=True)
class Refresh:
    """Make what other writers have committed visible."""


@dataclass(frozen=True, slots=True)
class Get:
    """Documents by id, with all their fields."""

    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class Got:
    """The documents that are there, by id."""

    documents: Mapping[str, StoredDocument]


@dataclass(frozen=True, slots=True)
class Scan:
    """The next `limit` documents in the order of their ids, by code points.

    after: an id, there or not, that all of them come after; vectors: whether with their vectors.
    """

    after: str | None
    limit: int
    vectors: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """The documents, none where there are no more. Where vectors were asked for, each document has
    PassageVectors for every vector field of the schema, without rows where it has no passage."""

    documents: Sequence[Document]


@dataclass(frozen=True, slots=True)
class Count:
    """How much there is, of what `where` lets through."""

    where: Resolved | None = None


@dataclass(frozen=True, slots=True)
class Counted:
    """Documents, their passages by vector field, and bytes on disk where the engine knows."""

    documents: int
    passages: Mapping[str, int]
    bytes: int | None = None
