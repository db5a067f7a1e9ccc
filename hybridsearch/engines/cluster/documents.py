"""Documents as the cluster stores them, and back.

Fields lie under their own names. A value that the products would read otherwise than this package
does is indexed in its canonical form, and kept as it was given in `_extra`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Any, Final

from hybridsearch.engines.calls import PassageMatch, StoredDocument, WriteDocument
from hybridsearch.engines.cluster.adopted import adopted_body, adopted_fields, vector_value
from hybridsearch.engines.cluster.digests import kept
from hybridsearch.engines.cluster.mapping import DIGESTS, EXTRA, ID
from hybridsearch.engines.cluster.moments import iso_moment
from hybridsearch.engines.cluster.passages import parts_of
from hybridsearch.engines.cluster.shape import Shape
from hybridsearch.model.embedded_text import field_text
from hybridsearch.model.schema import FieldType, Schema
from hybridsearch.model.values import canonical
from hybridsearch.model.written_fields import as_read_back

_ISO: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}([.]\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?"
)


def body_of(
    document: WriteDocument, schema: Schema, shape: Shape, *, digests: bool
) -> dict[str, Any]:
    """What is stored; digests: whether the index has fields for them."""
    if not shape.own:
        return adopted_body(document, schema, shape, digests=digests)
    extra: dict[str, Any] = {}
    if all(goes_as_it_is(name, given, schema) for name, given in document.fields.items()):
        body = {ID: document.id, **document.fields}
    else:
        body = _indexed(document, schema, extra)
    for name, passages in document.vectors.items():
        if len(passages.vectors):
            body[name] = vector_value(passages, shape.vectors[name])
    if extra:
        body[EXTRA] = extra
    if digests and (known := kept(document)):
        body[DIGESTS] = known
    return body


def _indexed(document: WriteDocument, schema: Schema, extra: dict[str, Any]) -> dict[str, Any]:
    """The fields as the products can read them; what was given instead goes to `extra`."""
    body: dict[str, Any] = {ID: document.id}
    for name, given in as_read_back(document.fields).items():
        if name in schema.text:
            indexed = given if _is_text(given) else field_text(document.fields[name])
        elif name in schema.metadata:
            kind = schema.metadata[name].type
            indexed = given if _is_native(given, kind) else _canonical(document, name, kind)
        else:
            extra[name] = given
            continue
        body[name] = indexed
        if indexed is not given:
            extra[name] = given
    return body


def stored(
    id: str,
    source: Mapping[str, Any],
    schema: Schema,
    shape: Shape,
    fields: Sequence[str] | None,
    passages: Sequence[PassageMatch] = (),
) -> StoredDocument:
    """The document of a hit's source, its fields as they were given."""
    found = fields_of(source, schema, shape)
    if fields is not None:
        found = {name: found[name] for name in fields if name in found}
    return StoredDocument(id, found, tuple(passages))


def fields_of(source: Mapping[str, Any], schema: Schema, shape: Shape) -> dict[str, Any]:
    """The fields of a source, as they were given."""
    if not shape.own:
        return adopted_fields(source, schema, shape)
    extra = source.get(EXTRA) or {}
    found = {
        name: value
        for name, value in source.items()
        if name not in {ID, EXTRA, DIGESTS} and name not in schema.dense
    }
    found.update(extra)
    return found


def whole_source(schema: Schema, shape: Shape) -> list[str]:
    """The parts of the source that are all of a document, each part of a passage by its name:
    products that keep vectors apart from the source put them back for who names them."""
    passages = [part for name in schema.dense for part in parts_of(name, schema, shape)]
    if not shape.own:
        return ["*", *passages]
    return [ID, DIGESTS, EXTRA, *schema.text, *schema.metadata, *passages]


def source_filter(
    schema: Schema, shape: Shape, fields: Sequence[str] | None, *, places: bool = False
) -> dict[str, Any]:
    """Which parts of the source are wanted, places: also those of passages; never vectors.

    Parts are named one by one: where vectors are kept apart from the source, leaving them out by
    name makes OpenSearch put them back first.
    """
    if not shape.own:
        return _adopted_filter(shape, fields, places)
    known = (*schema.text, *schema.metadata)
    wanted = [*known, EXTRA] if fields is None else [*fields, *(f"{EXTRA}.{f}" for f in fields)]
    spans = [f"{name}.{end}" for name in schema.dense for end in ("start", "end") if places]
    return {"includes": [ID, *wanted, *spans]}


def _adopted_filter(shape: Shape, fields: Sequence[str] | None, places: bool) -> dict[str, Any]:
    """The same where documents have fields that no schema names."""
    ids = [] if shape.id is None else [shape.id]
    spans = [
        f"{vector.nested}.{end}"
        for vector in shape.vectors.values()
        for end in ("start", "end")
        if places and vector.places
    ]
    if fields is not None:
        return {"includes": [*ids, *fields, *spans] or [DIGESTS]}
    # A name within an object that is left out as a whole would not come back.
    tops = [vector.vector if spans else vector.top for vector in shape.vectors.values()]
    return {"excludes": tops}


def goes_as_it_is(name: str, given: Any, schema: Schema) -> bool:
    """Whether the products read a field's value as this package does."""
    if name in schema.text:
        return _is_text(given)
    return name in schema.metadata and _is_native(given, schema.metadata[name].type)


def always_read_alike(name: str, kind: type, schema: Schema) -> bool:
    """Whether that can be told from what kind of value it is."""
    if name in schema.text:
        return kind is str
    return name in schema.metadata and kind in _ALWAYS[schema.metadata[name].type]


def _is_text(given: Any) -> bool:
    return (
        given is None
        or isinstance(given, str)
        or (isinstance(given, list) and all(isinstance(part, str) for part in given))
    )


def _is_native(given: Any, kind: FieldType) -> bool:
    """Whether the products read the value as `canonical` does."""
    if given is None:
        return True
    read_alike = _READ_ALIKE[kind]
    return all(map(read_alike, given)) if isinstance(given, list) else read_alike(given)


_READ_ALIKE: Final[Mapping[FieldType, Callable[[Any], bool]]] = {
    "keyword": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "float": lambda value: type(value) in {int, float},
    "boolean": lambda value: isinstance(value, bool),
    "date": lambda value: isinstance(value, str) and _ISO.fullmatch(value) is not None,
}

_ALWAYS: Final[Mapping[FieldType, Container[type]]] = {
    "keyword": {str},
    "integer": {int},
    "float": {int, float},
    "boolean": {bool},
    "date": (),
}


def _canonical(document: WriteDocument, name: str, kind: FieldType) -> Any:
    values = canonical(document.fields[name], kind)
    shown = [iso_moment(value) for value in values] if kind == "date" else list(values)
    return shown[0] if len(shown) == 1 else shown
