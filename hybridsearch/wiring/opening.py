"""Creating and opening an index: target to engine, encoder setting to encoder, and their match."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.engines.calls import Create, Open, Opened
from hybridsearch.engines.protocol import Engine, EngineOptions
from hybridsearch.errors import EncoderMismatchError, SchemaError
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema
from hybridsearch.model.target import Target
from hybridsearch.registry import load

EncoderSetting = str | Encoder | None
LoadEncoder = Callable[[], Encoder]


def engine_at(target: Target, options: EngineOptions) -> Engine:
    """The engine of a target, not yet opened."""
    engine: Engine = load("engines", target.engine)(target.location, options)
    return engine


def create(
    schema: Schema, encoder: EncoderSetting, loaded: Encoder | None
) -> Generator[Create, Any, LoadEncoder | None]:
    """Make a new index; returns what loads its encoder, None where there is none.

    loaded: the encoder that the setting names. Without one, every vector field must say its dims.
    """
    if loaded is None or not schema.dense:
        open_dims = [name for name, field in schema.dense.items() if field.dims is None]
        if open_dims:
            raise SchemaError(
                f"without an encoder the vector field {open_dims[0]!r} must say its dims: "
                "dense={" + f"{open_dims[0]!r}: " + '{"embeds": [...], "dims": 768}}'
            )
        yield Create(IndexDefinition(schema))
        return None
    schema = schema.with_dims(loaded.dims)
    for name, field in schema.dense.items():
        if field.dims != loaded.dims:
            raise SchemaError(
                f"the vector field {name!r} says {field.dims} dims, but the encoder "
                f"{loaded.name!r} gives {loaded.dims}: leave dims out, or give the encoder they "
                "belong to"
            )
    setting = encoder if isinstance(encoder, str) else loaded.name
    yield Create(IndexDefinition(schema, setting, loaded.fingerprint.as_dict()))
    return lambda: loaded


def open_index(
    target: Target, loaded: Encoder | None
) -> Generator[Open, Opened, LoadEncoder | None]:
    """Open an index; returns what loads its encoder: the one given, else its own when needed."""
    opened = yield Open()
    definition = opened.definition
    if loaded is not None:
        check_encoder_of(definition, loaded, target)
        return lambda: loaded
    if definition.encoder is None:
        return None
    return partial(_own_encoder, definition.encoder, definition, target)


def check_encoder_of(definition: IndexDefinition, loaded: Encoder, target: Target) -> None:
    """Raises EncoderMismatchError where the index's vectors are not this encoder's."""
    if definition.fingerprint is None:
        dims = {field.dims for field in definition.schema.dense.values()}
        if dims - {loaded.dims}:
            raise EncoderMismatchError(
                f"the index at {target} has vectors of {dims.pop()} dims, but the encoder "
                f"{loaded.name!r} gives {loaded.dims}"
            )
        return
    made_with = Fingerprint.from_dict(definition.fingerprint)
    if made_with != loaded.fingerprint:
        differences = "; ".join(made_with.difference(loaded.fingerprint))
        raise EncoderMismatchError(
            f"the index at {target} was made with the encoder {definition.encoder!r}, not with "
            f"{loaded.name!r} ({differences}): open it with its own encoder, or index the source "
            "again with this one"
        )


def _own_encoder(setting: str, definition: IndexDefinition, target: Target) -> Encoder:
    loaded = load_encoder(setting)
    check_encoder_of(definition, loaded, target)
    return loaded
