"""Loading passages with given vectors: hybridsearch beside the same documents by other means.

All make the same documents of the same index, so that the server has the same to do; but other
libraries' documents are their own, with the vector beside the text, in an index that is refreshed.
Each is timed to an index in which searches find everything and no merge goes on, and to one that is
merged to one segment: a load that leaves work behind only looks faster.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from math import nan
from pathlib import Path
from typing import Any, Final

import orjson
from cluster_http import Http
from cluster_indices import HAYSTACK, PLAIN, VECTOR_INDEX, Layout, Plain, plain_body
from cluster_place import Place
from data import Passages, say, scratch
from embedded import schema
from timing import table

from hybridsearch import HybridIndex

IN_FLIGHT: Final = 3
CHUNK: Final = 500
OURS: Final = "hybridsearch, `add`"
RAW: Final = "orjson and three connections"
RIVALS: Final = {"langchain": PLAIN, "haystack": HAYSTACK}
# From a place, passages and an index to the seconds and the client's milliseconds that it took.
Loader = Callable[[Place, Passages, str], tuple[float, float]]
Load = Callable[[Place, Passages, str], None]


@dataclass
class Loaded:
    """Seconds until everything is found and no merge goes on, and to one segment; milliseconds of
    CPU that the client took, and the server to the first of these moments; by round."""

    found: list[float] = field(default_factory=list)
    merged: list[float] = field(default_factory=list)
    client: list[float] = field(default_factory=list)
    server: list[float] = field(default_factory=list)

    def add(self, other: Loaded) -> None:
        """Take its rounds too."""
        self.found += other.found
        self.merged += other.merged
        self.client += other.client
        self.server += other.server


def loading(place: Place, given: Passages, rounds: int, python: str | None) -> str:
    """One table: the loaders take turns, each round into a new index."""
    own: dict[str, Load] = {OURS: _ours, RAW: _raw, **_official(place)}
    loaders = {name: timed(load) for name, load in own.items()}
    rivals = RIVALS if python is not None and place.product == "elasticsearch" else {}
    found = {name: Loaded() for name in loaders}
    say("  warming up")
    _once(place, given, loaders[RAW], Loaded(), make_index)
    for round in range(rounds):
        for name, load in loaders.items():
            say(f"  round {round + 1} of {rounds}: {name}")
            _once(place, given, load, found[name], make_index)
        for library, plain in rivals.items():
            say(f"  round {round + 1} of {rounds}: {library}")
            rival = Rival(library, python or "", plain)
            into = Loaded()
            _once(place, given, rival.load, into, rival.make)
            found.setdefault(rival.name, Loaded()).add(into)
    raw = found[RAW]
    rows = []
    for name, loaded in found.items():
        rates = [len(given) / statistics.median(times) for times in _times(loaded)]
        raw_rates = [len(given) / statistics.median(times) for times in _times(raw)]
        cpu = statistics.median(loaded.client) / len(given)
        raw_cpu = statistics.median(raw.client) / len(given)
        shares = [f"{rate / base:.2f}" for rate, base in zip(rates, raw_rates, strict=True)]
        row = [name, *(f"{rate:,.0f}" for rate in rates), *shares]
        server = f"{statistics.median(loaded.server) / len(given) * 1e3:.0f}"
        rows.append([*row, f"{cpu * 1e3:.0f}", f"{cpu / raw_cpu:.2f}", server])
    head = ["", "documents/s", "to one segment", "of raw", "to one segment, of raw"]
    return table([*head, "client CPU µs a document", "of raw", "server CPU µs"], rows)


def _times(loaded: Loaded) -> tuple[list[float], list[float]]:
    return loaded.found, loaded.merged


def _once(
    place: Place, given: Passages, load: Loader, into: Loaded, make: Callable[[Place, str], None]
) -> None:
    name = "benchmark-loading"
    http = place.http()
    http.ask("DELETE", f"/{name}?ignore_unavailable=true")
    make(place, name)
    before = place.cpu_ms()
    seconds, client = load(place, given, name)
    into.client.append(client)
    begin = time.perf_counter()
    http.ask("POST", f"/{name}/_refresh")
    while _merges(http, name):
        time.sleep(0.01)
    into.found.append(seconds + time.perf_counter() - begin)
    after = place.cpu_ms()
    into.server.append(nan if before is None or after is None else after - before)
    http.ask("POST", f"/{name}/_forcemerge?max_num_segments=1")
    http.ask("POST", f"/{name}/_refresh")
    into.merged.append(seconds + time.perf_counter() - begin)
    count = http.ask("GET", f"/{name}/_search?size=0&track_total_hits=true")
    if count["hits"]["total"]["value"] != len(given):
        raise RuntimeError(f"{name} does not hold what was loaded")
    http.ask("DELETE", f"/{name}")


def _merges(http: Http, name: str) -> int:
    """How many go on."""
    stats = http.ask("GET", f"/{name}/_stats/merge?filter_path=_all.total.merges.current")
    return int(stats["_all"]["total"]["merges"]["current"])


def make_index(place: Place, name: str) -> None:
    """An empty index for a load that nobody watches."""
    settings = {
        "replicas": 0,
        "refresh_interval": "-1",
        "vector_index": VECTOR_INDEX[place.product],
    }
    HybridIndex.create(place.target(name), schema=schema(), encoder=None, settings=settings).close()


def timed(load: Load) -> Loader:
    """The load, told in seconds and in milliseconds of this process's CPU."""

    def loaded(place: Place, given: Passages, name: str) -> tuple[float, float]:
        begin, cpu = time.perf_counter(), time.process_time()
        load(place, given, name)
        return time.perf_counter() - begin, (time.process_time() - cpu) * 1e3

    return loaded


class Rival:
    """Another library, which loads in a process of its own."""

    def __init__(self, library: str, python: str, plain: Plain) -> None:
        self.name = library
        self._library, self._python, self._plain = library, python, plain

    def make(self, place: Place, name: str) -> None:
        """An index such as this library reads; it is refreshed, since its writer waits for that."""
        body = plain_body(place, Layout(), self._plain)
        del body["settings"]["index"]["refresh_interval"]
        place.http().ask("PUT", f"/{name}", orjson.dumps(body))

    def load(self, place: Place, given: Passages, name: str) -> tuple[float, float]:
        """One load, timed there."""
        documents = scratch() / f"documents-{len(given)}.json"
        if not documents.exists():
            rows = [
                (f"d{at:07d}", given.text(at), int(given.numbers[at]), given.vectors[at].tolist())
                for at in range(len(given))
            ]
            documents.write_bytes(orjson.dumps(rows))
        asked = {"library": self._library, "url": place.urls[0], "index": name}
        done = subprocess.run(
            [self._python, str(Path(__file__).with_name("cluster_rival_loaders.py"))],
            input=json.dumps({**asked, "documents": str(documents)}),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        told = json.loads(done.stdout)
        if "missing" in told:
            raise RuntimeError(f"{self._library} is not installed there: {told['missing']}")
        self.name = told["name"]
        return told["seconds"], told["cpu"]


def _ours(place: Place, given: Passages, name: str) -> None:
    with HybridIndex.open(place.target(name)) as index:
        index.add(given.documents())


def _documents(given: Passages) -> Iterator[tuple[str, dict[str, Any]]]:
    for position in range(len(given)):
        text = given.text(position)
        id = f"d{position:07d}"
        vector = given.vectors[position]
        yield (
            id,
            {
                "id": id,
                "text": text,
                "number": int(given.numbers[position]),
                "dense": [{"start": 0, "end": len(text), "vector": vector}],
            },
        )


def _raw(place: Place, given: Passages, name: str) -> None:
    connections = [Http(place.urls[0]) for _ in range(IN_FLIGHT)]
    path = f"/{name}/_bulk?filter_path=errors"

    def send(turn: int, lines: bytes) -> None:
        if connections[turn].ask("POST", path, lines)["errors"]:
            raise RuntimeError("documents were refused")

    documents = _documents(given)
    pools = [ThreadPoolExecutor(1) for _ in range(IN_FLIGHT)]
    last: list[Any] = [None] * IN_FLIGHT
    turn = 0
    while chunk := list(islice(documents, CHUNK)):
        lines = b"".join(
            b'{"index":{"_id":%b}}\n%b\n'
            % (orjson.dumps(id), orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY))
            for id, document in chunk
        )
        if last[turn] is not None:
            last[turn].result()
        last[turn] = pools[turn].submit(send, turn, lines)
        turn = (turn + 1) % IN_FLIGHT
    for sent in last:
        if sent is not None:
            sent.result()
    for pool in pools:
        pool.shutdown()


def _official(place: Place) -> dict[str, Load]:
    """The official client's helpers, as its manual shows them."""
    if place.product == "elasticsearch":
        import elasticsearch.helpers

        made: Any = elasticsearch.Elasticsearch
        parallel_bulk: Any = elasticsearch.helpers.parallel_bulk
    else:
        import opensearchpy.helpers

        made = opensearchpy.OpenSearch
        parallel_bulk = opensearchpy.helpers.parallel_bulk

    def actions(given: Passages, name: str) -> Iterator[dict[str, Any]]:
        for id, document in _documents(given):
            passages = [{**one, "vector": one["vector"].tolist()} for one in document["dense"]]
            yield {"_index": name, "_id": id, "_source": {**document, "dense": passages}}

    def parallel(place: Place, given: Passages, name: str) -> None:
        client = made(list(place.urls))
        for ok, _ in parallel_bulk(client, actions(given, name), thread_count=IN_FLIGHT):
            if not ok:
                raise RuntimeError("documents were refused")
        client.close()

    return {"`helpers.parallel_bulk`, three threads": parallel}
