"""An index that others made: looked at, and given the memory that it is opened by."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.found_fields import FoundField, found_fields
from hybridsearch.engines.cluster.index import ClusterIndex, index_path
from hybridsearch.engines.cluster.mapping import META, read_meta, read_shape
from hybridsearch.engines.cluster.nesting import having_vectors
from hybridsearch.engines.cluster.opening import only_index
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.routing import is_routed
from hybridsearch.engines.cluster.server import ask_server
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import ConfigurationError

SAMPLE: Final = 100


@dataclass(frozen=True)
class ForeignIndex:
    """fields: what there is in its mapping; settings: by dotted names; documents: how many;
    samples: the sources of some, with their vectors; routed: whether some have a routing, or need
    one; encoder: that it was adopted with before."""

    fields: Sequence[FoundField]
    settings: Mapping[str, Any]
    documents: int
    samples: Sequence[Mapping[str, Any]]
    routed: bool
    encoder: str | None = None


def read_foreign(
    name: str, target: str, dialect: Dialect
) -> Generator[HttpRequest, HttpReply, ForeignIndex]:
    """Look at an index; raises ConfigurationError for one that was made here."""
    server = yield from ask_server(target)
    dialect.check(server)
    reply = yield HttpRequest("GET", index_path(name), params={"flat_settings": "true"})
    found = check_reply(reply, f"for the index {name}", target=target)
    body = only_index(found, target)
    mappings = body["mappings"]
    meta = mappings.get("_meta", {})
    adopted = read_shape(mappings, target) is not None
    if META in meta and not adopted:
        raise ConfigurationError(
            f"the index at {target} was made by hybridsearch: open it, there is nothing to adopt"
        )
    settings = {key.removeprefix("index."): value for key, value in body["settings"].items()}
    fields = found_fields(mappings, settings, dialect)
    # Documents with vectors come first, as far as that can be asked for.
    plain = [field.name for field in fields if field.vector and not field.vector.nested]
    should = [{"exists": {"field": vector}} for vector in plain]
    query = {"bool": {"must": [{"match_all": {}}], "should": should}}
    source = dialect.source_with_vectors(["*"], server)
    documents, samples = yield from _sampled(name, target, query, source)
    routed = yield from is_routed(index_path(name), target)
    encoder = read_meta(mappings, target)[0].encoder if adopted else None
    return ForeignIndex(fields, settings, documents, samples, routed, encoder)


def read_samples(
    name: str, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, list[Mapping[str, Any]]]:
    """The sources of some documents that have vectors in a field."""
    source = index.dialect.source_with_vectors(["*"], index.server)
    query = having_vectors(index.shape.vectors[name])
    return (yield from _sampled(index.name, index.target, query, source))[1]


def remember(
    name: str,
    target: str,
    note: Mapping[str, Any],
    properties: Mapping[str, Any],
) -> Generator[HttpRequest, HttpReply, None]:
    """Let the index remember what it is opened by, beside what its `_meta` holds, and give it
    these fields."""
    path = f"{index_path(name)}/_mapping"
    reply = yield HttpRequest("GET", path)
    found = check_reply(reply, f"for the mapping of {name}", target=target)
    meta = only_index(found, target)["mappings"].get("_meta", {})
    body: dict[str, Any] = {"_meta": {**meta, META: dict(note)}}
    if properties:
        body["properties"] = dict(properties)
    reply = yield HttpRequest("PUT", path, orjson.dumps(body), writes=True)
    check_reply(reply, f"to remember the schema of {name} in its mapping", target=target)


def _sampled(
    name: str, target: str, query: Mapping[str, Any], source: Any
) -> Generator[HttpRequest, HttpReply, tuple[int, list[Mapping[str, Any]]]]:
    """How many documents there are, and the sources of some."""
    body = {"size": SAMPLE, "track_total_hits": True, "_source": source, "query": query}
    reply = yield HttpRequest("POST", f"{index_path(name)}/_search", orjson.dumps(body))
    found = check_reply(reply, "for some documents", target=target)
    check_shards(found, "for some documents", target)
    hits = found["hits"]
    return hits["total"]["value"], [hit["_source"] for hit in hits["hits"]]
