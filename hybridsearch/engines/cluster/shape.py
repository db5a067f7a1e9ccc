"""The shape of an index: where its documents have their ids, where their vectors lie, and how those
are compared. One that was made here has the shape of its schema; one that was adopted its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from hybridsearch.engines.cluster.similarity import Scale

_ID: Final = "_id"


@dataclass(frozen=True)
class VectorShape:
    """Where a vector field has its vectors, and what is made of them.

    vector: the field with the numbers; nested: the nested field whose objects are the passages of
    a document, None where a document has one vector and no passages; places: whether a passage
    says where in the text it is; scale: of the scores; exact: whether a script compares all
    vectors, since there is no index of them.
    """

    vector: str
    nested: str | None
    places: bool
    scale: Scale
    exact: bool = False

    @property
    def top(self) -> str:
        """What is left out of a source so that no vector comes with it."""
        return self.nested or self.vector

    @property
    def within(self) -> str:
        """The numbers' name within a passage."""
        return self.vector.removeprefix(f"{self.nested}.")


@dataclass(frozen=True)
class Shape:
    """id: the keyword field that says again what `_id` says, None where there is none; vectors: by
    vector field of the schema; own: whether the index was made here."""

    id: str | None
    vectors: Mapping[str, VectorShape]
    own: bool = False

    @property
    def id_field(self) -> str:
        """The field that ids are asked by."""
        return self.id or _ID

    def among(self, ids: Sequence[str]) -> dict[str, Any]:
        """The query for these documents."""
        return {"terms": {self.id_field: list(ids)}}

    def as_dict(self) -> dict[str, Any]:
        """The shape as an adopted index remembers it."""
        return {
            "id": self.id,
            "vectors": {name: asdict(vector) for name, vector in self.vectors.items()},
        }

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Shape:
        """Reverse of `as_dict`; raises KeyError and TypeError where something is missing."""
        vectors = {name: VectorShape(**vector) for name, vector in given["vectors"].items()}
        return cls(given["id"], vectors)
