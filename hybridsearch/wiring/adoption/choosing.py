"""Which fields of a found index serve as what: what was said, else what can be seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hybridsearch.engines.cluster.found_fields import FoundField
from hybridsearch.engines.cluster.objects import value_at
from hybridsearch.errors import ConfigurationError, SchemaError, UnknownNameError
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.adoption.wanted import Wanted


@dataclass(frozen=True)
class Roles:
    """Names in their order, text with its weights; embeds: the text that vectors are made of;
    added: the name of a vector field that is not there yet."""

    text: Mapping[str, float]
    metadata: Sequence[str]
    vectors: Sequence[str]
    embeds: Sequence[str]
    added: str | None = None


@dataclass(frozen=True)
class Found:
    """The fields by name, and sources of some documents."""

    fields: Mapping[str, FoundField]
    samples: Sequence[Mapping[str, Any]]

    def serving(self, role: str) -> list[str]:
        """The fields that can serve so, sub-fields last."""
        names = [name for name, field in self.fields.items() if field.serves == role]
        return sorted(names, key=lambda name: self.fields[name].part)

    def check(self, names: Sequence[str], role: str) -> None:
        """Raises UnknownNameError, or ConfigurationError for a field that cannot serve so."""
        for name in names:
            field = self.fields.get(name)
            if field is None:
                raise UnknownNameError("field", name, self.fields)
            if field.serves != role:
                why = field.remark if field.serves is None else f"it can serve as {field.serves}"
                raise ConfigurationError(f"{name} ({field.type}) cannot serve as {role}: {why}")


def chosen_roles(found: Found, wanted: Wanted) -> Roles:
    """What serves as what; raises ConfigurationError for what cannot."""
    weights = dict.fromkeys(_text(found), 1.0)
    if wanted.text is not None:
        weights = dict(map(_weighted, wanted.text))
    found.check(list(weights), "text")
    metadata = wanted.metadata if wanted.metadata is not None else _metadata(found, weights)
    found.check(metadata, "metadata")
    vectors, added = wanted.vectors, None
    if vectors is None:
        vectors = found.serving("vector")[:1]
    elif len(vectors) == 1 and vectors[0] not in found.fields:
        vectors, added = [], vectors[0]
    found.check(vectors, "vector")
    embeds = wanted.embeds
    if embeds is None:
        embeds = [name for name in weights if not found.fields[name].part]
    for name in embeds:
        if name not in weights:
            raise UnknownNameError("text field", name, weights)
    return Roles(weights, metadata, vectors, embeds, added)


def _weighted(asked: str) -> tuple[str, float]:
    name, caret, weight = asked.partition("^")
    try:
        return name.strip(), float(weight) if caret else 1.0
    except ValueError:
        raise ConfigurationError(
            f"{asked!r} is no field with a weight: write NAME^2 for one that counts twice"
        ) from None


def _text(found: Found) -> list[str]:
    """Text where values read like text, or where nobody could filter by them either."""
    names = [name for name in found.serving("text") if not found.fields[name].part]
    parents = {
        name.rpartition(".")[0] for name in found.serving("metadata") if found.fields[name].part
    }
    documents = [{name: value_at(source, name) for name in names} for source in found.samples]
    try:
        read = list(Schema.infer(documents, sample=len(documents)).text)
    except SchemaError:
        read = []
    others = [name for name in names if name not in read and name not in parents]
    return [*read, *others] or names


def _metadata(found: Found, text: Mapping[str, float]) -> list[str]:
    """All that can be, but for the sub-fields of what is searched."""
    return [
        name
        for name in found.serving("metadata")
        if not found.fields[name].part or name.rpartition(".")[0] not in text
    ]
