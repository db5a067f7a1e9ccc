"""The indices that are searched: hybridsearch's own, and plain ones as people make them.

All hold the same passages with the same kind of graph, and are merged to one segment a shard
before anything is measured, with refreshing switched off.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import orjson
from cluster_http import Http
from cluster_place import Place
from data import DIMS, Passages, say
from embedded import schema

from hybridsearch import HybridIndex

VECTOR_INDEX: Final = {"elasticsearch": "int8_hnsw", "opensearch": "hnsw"}
_M, _EF = 16, 100
_CHUNK = 500


@dataclass(frozen=True)
class Layout:
    """Shards and replicas of an index."""

    shards: int = 1
    replicas: int = 0

    def name(self, kind: str) -> str:
        """An index of this layout."""
        return f"benchmark-{kind}-{self.shards}-{self.replicas}"


@dataclass(frozen=True)
class Plain:
    """What a plain index calls the text and the vector."""

    kind: str = "plain"
    text: str = "text"
    vector: str = "vector"


PLAIN: Final = Plain()
HAYSTACK: Final = Plain("haystack", "content", "embedding")


def build_hybrid(place: Place, given: Passages, layout: Layout) -> str:
    """The index that hybridsearch makes and fills; returns its name."""
    name = layout.name("hybridsearch")
    http = place.http()
    _drop(http, name)
    begin = time.perf_counter()
    say(f"  indexing {len(given):,} passages into {name}")
    settings = {
        "shards": layout.shards,
        "replicas": layout.replicas,
        "refresh_interval": "-1",
        "vector_index": VECTOR_INDEX[place.product],
        "m": _M,
        "ef_construction": _EF,
    }
    target = place.target(name)
    with HybridIndex.create(target, schema=schema(), encoder=None, settings=settings) as index:
        report = index.add(given.documents())
    if report.indexed != len(given):
        raise RuntimeError(f"{report.failed} documents were refused")
    _settle(http, name)
    say(f"  {time.perf_counter() - begin:.0f} s")
    return name


def build_plain(place: Place, given: Passages, layout: Layout, plain: Plain = PLAIN) -> str:
    """An index with a text, a number and a vector, as the products' manuals make one."""
    name = layout.name(plain.kind)
    http = place.http()
    _drop(http, name)
    begin = time.perf_counter()
    say(f"  indexing {len(given):,} passages into {name}")
    http.ask("PUT", f"/{name}", orjson.dumps(plain_body(place, layout, plain)))
    for lines in _bulks(given, plain):
        if http.ask("POST", f"/{name}/_bulk?filter_path=errors", lines)["errors"]:
            raise RuntimeError(f"documents were refused by {name}")
    _settle(http, name)
    say(f"  {time.perf_counter() - begin:.0f} s")
    return name


def drop_all(place: Place) -> None:
    """Remove what was built here."""
    http = place.http()
    for row in http.ask("GET", "/_cat/indices/benchmark-*?format=json&h=index"):
        _drop(http, row["index"])


def _drop(http: Http, name: str) -> None:
    http.ask("DELETE", f"/{name}?ignore_unavailable=true")


def _settle(http: Http, name: str) -> None:
    http.ask("POST", f"/{name}/_refresh")
    http.ask("POST", f"/{name}/_forcemerge?max_num_segments=1")
    http.ask("POST", f"/{name}/_refresh")
    http.ask("GET", f"/_cluster/health/{name}?wait_for_status=green&timeout=600s")


def plain_body(place: Place, layout: Layout, plain: Plain) -> dict[str, Any]:
    """What makes a plain index."""
    settings: dict[str, Any] = {
        "number_of_shards": layout.shards,
        "number_of_replicas": layout.replicas,
        "refresh_interval": "-1",
    }
    graph = {"m": _M, "ef_construction": _EF}
    vector: dict[str, Any]
    if place.product == "elasticsearch":
        kind = VECTOR_INDEX["elasticsearch"]
        vector = {"type": "dense_vector", "dims": DIMS, "index": True, "similarity": "dot_product"}
        vector["index_options"] = {"type": kind, **graph}
    else:
        settings["knn"] = True
        method = {"name": "hnsw", "engine": "lucene", "space_type": "innerproduct"}
        vector = {"type": "knn_vector", "dimension": DIMS}
        vector["method"] = {**method, "parameters": graph}
    text = {"type": "text", "analyzer": schema().text["text"].analyzer}
    properties = {plain.text: text, "number": {"type": "long"}, plain.vector: vector}
    return {"settings": {"index": settings}, "mappings": {"properties": properties}}


def _bulks(given: Passages, plain: Plain) -> Iterator[bytes]:
    for begin in range(0, len(given), _CHUNK):
        lines = []
        for position in range(begin, min(begin + _CHUNK, len(given))):
            id = f"d{position:07d}"
            document = {
                plain.text: given.text(position),
                "number": int(given.numbers[position]),
                plain.vector: np.asarray(given.vectors[position]),
            }
            if plain is HAYSTACK:
                document["id"] = id
            lines += [
                orjson.dumps({"index": {"_id": id}}),
                orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY),
            ]
        yield b"\n".join(lines) + b"\n"
