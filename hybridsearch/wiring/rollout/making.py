"""Making a new version, and giving it what it goes without while it is loaded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from hybridsearch.encoding.load import NO_ENCODER, load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.cluster import versions as cluster
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.revising import read_index
from hybridsearch.errors import RolloutError
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.opening import create
from hybridsearch.wiring.rollout.place import Place, Version
from hybridsearch.wiring.rollout.wanted import Wanted

Say = Callable[[str], None]
_BULK: Final[dict[str, Any]] = {"refresh_interval": "-1", "number_of_replicas": 0}
_HEALTH_SECONDS: Final = 300


def make_like(place: Place, name: str, serving: str, wanted: Wanted) -> None:
    """The new version, made of what is wanted and else of what the old one is made of."""
    found = place.ask(read_index(serving, place.target, place.engine.dialect))
    settings = {**found.settings.model_dump(), **(wanted.settings or {})}
    make(place, name, _changed(found.definition, wanted), settings)


def check_begun(place: Place, name: str, wanted: Wanted) -> None:
    """Raises RolloutError where a version that was begun is made of something else than wanted."""
    found = place.ask(read_index(name, place.target, place.engine.dialect))
    definition = _changed(found.definition, wanted)
    settings = IndexSettings.of({**found.settings.model_dump(), **(wanted.settings or {})})
    others = [
        part
        for part, as_begun in (
            ("schema", definition.schema == found.definition.schema),
            ("encoder", definition.fingerprint == found.definition.fingerprint),
            ("settings", settings == found.settings),
        )
        if not as_begun
    ]
    if others:
        raise RolloutError(
            f"an earlier roll-out has begun {name} with other {' and '.join(others)}: say what was "
            "said then, or begin anew with restart (--restart)"
        )


def _changed(definition: IndexDefinition, wanted: Wanted) -> IndexDefinition:
    if wanted.schema is None and wanted.encoder is None:
        return definition
    encoder = wanted.encoder if wanted.encoder is not None else definition.encoder
    return definition_of(wanted.schema or definition.schema, encoder)


def definition_of(schema: Schema, encoder: str | Encoder | None) -> IndexDefinition:
    """What an index of this schema is made of; the dims are the encoder's, where there is one."""
    if encoder is None or encoder == NO_ENCODER or not schema.dense:
        return next(create(schema, None, None)).definition
    return next(create(schema.without_dims(), encoder, load_encoder(encoder))).definition


def make(
    place: Place, name: str, definition: IndexDefinition, settings: Mapping[str, Any] | None
) -> None:
    """A new version, as it is while it is loaded."""
    place.create(name, definition, settings)
    place.ask(cluster.change_settings(name, _BULK, place.target))


def settle(place: Place, old: str | None, new: Version, wanted: Wanted, say: Say) -> None:
    """Give the new version what it goes without during its load."""
    if wanted.merge:
        say(f"merging {new.name} to one segment a shard")
        place.ask(cluster.force_merge(new.name, place.target))
    found = place.ask(read_index(new.name, place.target, place.engine.dialect))
    settings = {
        "refresh_interval": found.settings.refresh_interval,
        "number_of_replicas": found.settings.replicas,
    }
    place.ask(cluster.change_settings(new.name, settings, place.target))
    new.index.refresh()
    if found.settings.replicas and (
        old is None or place.ask(cluster.healthy(old, 1, place.target))
    ):
        say(f"waiting for the replicas of {new.name}")
        if (
            not place.ask(cluster.healthy(new.name, _HEALTH_SECONDS, place.target))
            and old is not None
        ):
            raise RolloutError(
                f"the replicas of {new.name} are not there after {_HEALTH_SECONDS} s: look at "
                "GET /_cluster/allocation/explain, and run the roll-out again"
            )


def same_vectors(old: Version, new: Version) -> bool:
    """Whether the old version's vectors are what the new one's encoder would give."""
    return (
        old.definition.fingerprint == new.definition.fingerprint
        and old.definition.schema.dense == new.definition.schema.dense
    )
