"""Creating and opening an index: target to engine, encoder setting to encoder, and their match."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.load import DEFAULT_MODEL, load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.protocol import Engine
from hybridsearch.errors import EncoderMismatchError, SchemaError
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema
from hybridsearch.model.target import Target
from hybridsearch.registry import load
from hybridsearch.wiring.performer import Performer

EncoderSetting = str | Encoder | None


def create(
    target: str | Target, schema: Schema, encoder: EncoderSetting = DEFAULT_MODEL
) -> Performer:
    """A new index. Without an encoder, every vector field must say its dims."""
    place = target if isinstance(target, Target) else Target.parse(target)
    engine: type[Engine] = load("engines", place.engine)
    if not schema.dense:
        return Performer(engine.create(place.location, IndexDefinition(schema)), None)
    if encoder is None:
        open_dims = [name for name, field in schema.dense.items() if field.dims is None]
        if open_dims:
            raise SchemaError(
                f"without an encoder the vector field {open_dims[0]!r} must say its dims: "
                "dense={" + f"{open_dims[0]!r}: " + '{"embeds": [...], "dims": 768}}'
            )
        return Performer(engine.create(place.location, IndexDefinition(schema)), None)
    loaded = load_encoder(encoder)
    schema = schema.with_dims(loaded.dims)
    for name, field in schema.dense.items():
        if field.dims != loaded.dims:
            raise SchemaError(
                f"the vector field {name!r} says {field.dims} dims, but the encoder "
                f"{loaded.name!r} gives {loaded.dims}: leave dims out, or give the encoder they "
                "belong to"
            )
    definition = IndexDefinition(
        schema, encoder if isinstance(encoder, str) else loaded.name, loaded.fingerprint.as_dict()
    )
    return Performer(engine.create(place.location, definition), lambda: loaded)


def open_index(target: str | Target, encoder: EncoderSetting = None) -> Performer:
    """An index that exists, with its own encoder (loaded when first needed) or the one given."""
    place = target if isinstance(target, Target) else Target.parse(target)
    engine_type: type[Engine] = load("engines", place.engine)
    engine = engine_type.open(place.location)
    try:
        return Performer(engine, _loader(engine.definition, encoder, place))
    except BaseException:
        engine.close()
        raise


def _loader(
    definition: IndexDefinition, encoder: EncoderSetting, place: Target
) -> Callable[[], Encoder] | None:
    if encoder is None:
        if definition.encoder is None:
            return None
        return partial(_checked, definition.encoder, definition, place)
    loaded = _checked(encoder, definition, place)
    return lambda: loaded


def _checked(encoder: str | Encoder, definition: IndexDefinition, place: Target) -> Encoder:
    loaded = load_encoder(encoder)
    if definition.fingerprint is None:
        dims = {field.dims for field in definition.schema.dense.values()}
        if dims - {loaded.dims}:
            raise EncoderMismatchError(
                f"the index at {place} has vectors of {dims.pop()} dims, but the encoder "
                f"{loaded.name!r} gives {loaded.dims}"
            )
        return loaded
    made_with = Fingerprint.from_dict(definition.fingerprint)
    if made_with != loaded.fingerprint:
        differences = "; ".join(made_with.difference(loaded.fingerprint))
        raise EncoderMismatchError(
            f"the index at {place} was made with the encoder {definition.encoder!r}, not with "
            f"{loaded.name!r} ({differences}): open it with its own encoder, or index the source "
            "again with this one"
        )
    return loaded
