"""The schema: which fields are text, which are metadata, and which text becomes vectors."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic_core import ErrorDetails

from hybridsearch.errors import SchemaError

FieldType: TypeAlias = Literal["keyword", "integer", "float", "boolean", "date"]
LONGEST_KEYWORD_BYTES: Final = 32_766
Analyzer: TypeAlias = Literal[
    "standard",
    "english",
    "arabic",
    "danish",
    "dutch",
    "finnish",
    "french",
    "german",
    "greek",
    "hungarian",
    "italian",
    "norwegian",
    "portuguese",
    "romanian",
    "russian",
    "spanish",
    "swedish",
    "turkish",
]
CUSTOM_ANALYZER: Final = "custom"
"""Of an index that was adopted: its own, which no other index has."""
AnyAnalyzer: TypeAlias = Analyzer | Literal["custom"]
RESERVED = frozenset({"id", "_id"})


class TextField(BaseModel):
    """A text field: searched by BM25 through an analyzer; its scores count times `weight`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    analyzer: AnyAnalyzer = "standard"
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)


class MetadataField(BaseModel):
    """A metadata field: filtered, never scored. Any field may hold a list of values."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: FieldType


class DenseField(BaseModel):
    """A vector field: the passages of the text fields it embeds, in order.

    window: word pieces a passage holds at the most; overlap: word pieces that neighbours share.
    dims: of its vectors; filled in from the encoder when the index is created.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    embeds: tuple[str, ...]
    window: int = Field(default=250, ge=8)
    overlap: int = Field(default=32, ge=0)
    dims: int | None = Field(default=None, ge=1, le=16_384)

    @model_validator(mode="after")
    def _overlap_leaves_progress(self) -> Self:
        if self.overlap > self.window // 2:
            raise ValueError(
                f"overlap {self.overlap} is more than half of the window of {self.window}"
            )
        return self


class Schema(BaseModel):
    """The fields of an index.

    `text`, `metadata` and `dense` map field names to their settings. The short forms
    `text=["title", "body"]`, `text={"title": "english"}` and `metadata={"year": "integer"}` are
    accepted. Without `dense`, one vector field called `dense` embeds all text fields in their
    order; `dense={}` makes an index without vectors. `unknown_fields` says what happens to a
    document with a field that is not named here: "keep" stores it unindexed, "reject" sets the
    document aside.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: dict[str, TextField] = Field(default_factory=dict)
    metadata: dict[str, MetadataField] = Field(default_factory=dict)
    dense: dict[str, DenseField] = Field(default_factory=dict)
    unknown_fields: Literal["keep", "reject"] = "keep"

    def __init__(self, /, **fields: Any) -> None:
        try:
            super().__init__(**fields)
        except ValidationError as error:
            raise SchemaError(_told(error)) from error

    @model_validator(mode="before")
    @classmethod
    def _default_dense(cls, given: Any) -> Any:
        if isinstance(given, Mapping) and given.get("dense") is None:
            text: Any = given.get("text")
            # Whatever else it is, its own check says what is wrong with it.
            named = list(dict.fromkeys(text if _named(text) or isinstance(text, Mapping) else ()))
            return {**given, "dense": {"dense": {"embeds": named}} if named else {}}
        return given

    @field_validator("text", mode="before")
    @classmethod
    def _short_text(cls, given: Any) -> Any:
        if _named(given):
            return {name: {} for name in given}
        if isinstance(given, Mapping):
            return {k: {"analyzer": v} if isinstance(v, str) else v for k, v in given.items()}
        return given

    @field_validator("metadata", mode="before")
    @classmethod
    def _short_metadata(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {k: {"type": v} if isinstance(v, str) else v for k, v in given.items()}
        return given

    @field_validator("dense", mode="before")
    @classmethod
    def _short_dense(cls, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {
                k: {"embeds": v} if isinstance(v, list | tuple) else v for k, v in given.items()
            }
        return given

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        seen: set[str] = set()
        for name in (*self.text, *self.metadata, *self.dense):
            if name in RESERVED:
                raise ValueError(f"a field cannot be called {name!r}: it is the document's id")
            if not usable_name(name):
                raise ValueError(
                    f"{name!r} cannot be a field's name: use a printable name that does not "
                    "begin with an underscore"
                )
            if name in seen:
                raise ValueError(f"the field {name!r} is named twice: give each field one role")
            seen.add(name)
        for name, field in self.dense.items():
            for embedded in field.embeds:
                if embedded not in self.text:
                    raise ValueError(
                        f"the vector field {name!r} embeds {embedded!r}, "
                        "which is not a text field of this schema"
                    )
        if not self.text and not self.dense:
            raise ValueError("a schema needs at least one text field or one vector field")
        return self

    @property
    def field_types(self) -> dict[str, FieldType]:
        """The metadata fields and their types, as filters see them."""
        return {name: field.type for name, field in self.metadata.items()}

    def check_makeable(self) -> None:
        """Raises SchemaError where no new index can be made of it, since an adopted one's analyzer
        is its own."""
        for name, field in self.text.items():
            if field.analyzer == CUSTOM_ANALYZER:
                raise SchemaError(
                    f"the analyzer of {name!r} is that of the index it was adopted from, which "
                    "another index does not have: name one in a schema of your own, such as "
                    "standard or english"
                )

    def with_dims(self, dims: int) -> Schema:
        """The same schema, with `dims` filled in for every vector field that leaves it open."""
        dense = {
            name: field if field.dims else field.model_copy(update={"dims": dims})
            for name, field in self.dense.items()
        }
        return self.model_copy(update={"dense": dense})

    def without_dims(self) -> Schema:
        """The same schema, with the dims of every vector field left open."""
        dense = {
            name: field.model_copy(update={"dims": None}) for name, field in self.dense.items()
        }
        return self.model_copy(update={"dense": dense})

    def to_json(self) -> str:
        """The schema as it is written to a file."""
        return json.dumps(self.model_dump(exclude_none=True), indent=2, ensure_ascii=False) + "\n"

    def save(self, path: str | Path) -> None:
        """Write the schema to a JSON file; raises SchemaError where that cannot be done."""
        try:
            Path(path).write_text(self.to_json(), encoding="utf-8")
        except OSError as error:
            raise SchemaError(
                f"cannot write the schema file {path} ({error.strerror}): name another place"
            ) from error

    @classmethod
    def from_json(cls, text: str) -> Schema:
        """Read what `to_json` gives; raises SchemaError."""
        try:
            given = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise SchemaError(f"the schema is not JSON: {error}") from error
        if not isinstance(given, dict):
            raise SchemaError("the schema must be a JSON object with text, metadata and dense")
        return cls(**given)

    @classmethod
    def load(cls, path: str | Path) -> Schema:
        """Read a schema file; raises SchemaError that names the file."""
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SchemaError(f"cannot read the schema file {path}: {error}") from error
        except SchemaError as error:
            raise SchemaError(f"{path}: {error}") from error

    @classmethod
    def infer(
        cls,
        documents: Any,
        *,
        analyzer: Analyzer = "standard",
        sample: int = 1000,
        untyped: bool = False,
    ) -> Schema:
        """Guess a schema from the first `sample` documents (plain dicts or Documents).

        untyped: values that are all text, as in CSV, are also looked at as numbers.
        """
        from hybridsearch.model.infer import infer_schema  # noqa: PLC0415 - it builds schemas

        return infer_schema(documents, analyzer=analyzer, sample=sample, untyped=untyped)


def usable_name(name: str) -> bool:
    """Whether a field can be called this, the reserved names apart."""
    return bool(name) and not name.startswith("_") and name.isprintable() and "`" not in name


def _named(given: Any) -> bool:
    return isinstance(given, list | tuple | set) and all(isinstance(name, str) for name in given)


def _told(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False):
        place = ".".join(str(part) for part in item["loc"])
        message = _message(item)
        parts.append(f"{place}: {message}" if place else message)
    return "schema: " + "; ".join(parts)


def _message(item: ErrorDetails) -> str:
    """What is wrong and what to write, in the words of a schema."""
    place = item["loc"]
    if item["type"] == "extra_forbidden":
        part = _PARTS.get(str(place[0])) if len(place) > 2 else Schema
        known = sorted(part.model_fields) if part is not None else []
        near = difflib.get_close_matches(str(place[-1]), known, n=1)
        hint = f", did you mean {near[0]!r}?" if near else ";"
        return f"there is no such setting{hint} known: {', '.join(known)}"
    if item["type"] in {"dict_type", "model_type"} and len(place) == 1:
        return f"write {_EXAMPLES[str(place[0])]}"
    return item["msg"].removeprefix("Value error, ")


_PARTS: dict[str, type[BaseModel]] = {
    "text": TextField,
    "metadata": MetadataField,
    "dense": DenseField,
}
_EXAMPLES = {
    "text": '["title", "body"] or {"title": "english"}',
    "metadata": '{"year": "integer", "lang": "keyword"}',
    "dense": '{"dense": ["title", "body"]}, or {} for no vectors',
}
