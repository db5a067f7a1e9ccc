"""Documents in JSON and in SMILE: the same on the server, and what is sent when."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import elasticsearch
import numpy as np
import pytest
from cluster_places import QUERY, SCHEMA, Place
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers.ask import RefusedError, ask
from servers.fault_proxy import FaultProxy, fault_proxy
from servers.fixtures import ServerUrl
from vectors import random_units

from hybridsearch import Document, HybridIndex, Schema
from hybridsearch.engines.cluster import smile

ANY = Schema(
    text={"text": {}},
    dense={"dense": {"embeds": [], "dims": 768}},
    unknown_fields="keep",
)
NUMBERS = st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(TEXTS, inner, max_size=5),
    max_leaves=20,
)
NAMED = st.dictionaries(TEXTS.filter(bool), VALUES, max_size=5)
# From the specification: what each value is, after the header and before the end of the object.
KNOWN: list[tuple[Any, bytes]] = [
    (None, b"\x21"),
    (False, b"\x22"),
    (True, b"\x23"),
    ("", b"\x20"),
    ("é", b"\xe4\xc3\xa9\xfc"),
    (0, b"\xc0"),
    (-1, b"\xc1"),
    (15, b"\xde"),
    (-16, b"\xdf"),
    (16, b"\x24\xa0"),
    (64, b"\x24\x02\x80"),
    (-17, b"\x24\xa1"),
    (2**31, b"\x25\x20\x00\x00\x00\x80"),
    (1.0, b"\x29\x00\x3f\x78\x00\x00\x00\x00\x00\x00\x00"),
    (float("nan"), b"\x21"),
    ([1, {"a": 2}], b"\xf8\xc2\xfa\x34a\xfc\xc4\xfb\xf9"),
    (np.array([1, -2], np.float32), b"\xf8\x28\x03\x7c\x00\x00\x00\x28\x0c\x00\x00\x00\x00\xf9"),
    (np.array([1, 2]), b"\xf8\xc2\xc4\xf9"),
]


@pytest.mark.parametrize(("value", "expected"), KNOWN, ids=lambda part: repr(part)[:30])
def test_values_are_written_as_the_specification_says(value: Any, expected: bytes) -> None:
    assert smile.dumps([{"a": value}]) == [b":)\n\x00\xfa\x34a\xfc" + expected + b"\xfb"]


@given(st.lists(VALUES, max_size=4))
def test_what_parts_documents_is_within_none(values: list[Any]) -> None:
    written = smile.dumps([*values, random_units(1, dims=768)[0]])
    assert len(written) == len(values) + 1
    assert not any(smile.SEPARATOR in one for one in written)


@pytest.fixture(scope="module", params=["elasticsearch", "elasticsearch-8"])
def twins(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[list[HybridIndex]]:
    """Two indices on one server: one is sent JSON, one SMILE."""
    url, made = server_url(request.param), []
    names = [f"notation-{uuid.uuid4().hex}" for _ in range(2)]
    for name, binary in zip(names, (False, True), strict=True):
        target = f"elasticsearch:{url.removeprefix('http:')}/{name}"
        few = {"replicas": 0, "vector_index": "flat"}
        options: Any = {"settings": few, "connection": {"binary": binary}}
        made.append(HybridIndex.create(target, schema=ANY, encoder=None, **options))
    yield made
    for index, name in zip(made, names, strict=True):
        index.close()
        with suppress(RefusedError):
            ask("DELETE", f"{url}/{name}")


@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.lists(st.tuples(TEXTS, NAMED), min_size=1, max_size=40), st.integers(0, 1000))
def test_both_come_back_as_they_were_given(
    twins: list[HybridIndex], drawn: list[tuple[str, dict[str, Any]]], seed: int
) -> None:
    vectors = random_units(len(drawn), dims=768, seed=seed)
    documents = [
        Document(f"d{at}", {**fields, "text": text or "-"}, {"dense": vectors[at]})
        for at, (text, fields) in enumerate(drawn)
        if not ANY.dense.keys() & fields.keys()
    ]
    found = []
    for index in twins:
        assert index.add(documents).failed == 0
        scanned = {one.id: one for one in index.scan(vectors=True)}
        found.append([scanned[one.id] for one in documents])
    for one, by_json, by_smile in zip(documents, *found, strict=True):
        assert by_smile.fields == by_json.fields == one.fields
        assert [type(v) for v in by_json.fields.values()] == [
            type(v) for v in by_smile.fields.values()
        ]
        json_rows, smile_rows = (found.vectors["dense"].vectors for found in (by_json, by_smile))
        assert smile_rows.tobytes() == json_rows.tobytes()
        assert np.abs(smile_rows - one.vectors["dense"]).max() < 1e-7


def bulk_types(proxy: FaultProxy) -> set[str]:
    return {request.headers["content-type"].partition(";")[0] for request in proxy.asked("/_bulk")}


@pytest.mark.parametrize(
    ("connection", "kind"),
    [({}, "smile"), ({"compress": True}, "smile"), ({"binary": False}, "json")],
)
def test_the_connection_says_what_is_sent(
    place: Place, proxy: FaultProxy, connection: dict[str, Any], kind: str
) -> None:
    """OpenSearch is always sent JSON."""
    through = place.through(proxy.url)
    options: Any = {"connection": connection}
    with HybridIndex.create(through, schema=SCHEMA, encoder=None, **options) as index:
        assert index.add([{"id": "a", "title": "word", "dense": QUERY}]).indexed == 1
        assert index.count() == 1
    expected = {
        "elasticsearch": f"application/vnd.elasticsearch+{kind}",
        "opensearch": "application/json",
    }
    assert bulk_types(proxy) == {expected[place.product]}


def test_a_client_that_knows_no_smile_sends_json(server_url: ServerUrl) -> None:
    url, name = server_url("elasticsearch"), f"notation-{uuid.uuid4().hex}"
    with fault_proxy(url) as proxy, elasticsearch.Elasticsearch(proxy.url) as client:
        target = f"elasticsearch:{name}"
        with HybridIndex.create(target, schema=SCHEMA, encoder=None, client=client) as index:
            assert index.add([{"id": "a", "title": "word", "dense": QUERY}]).indexed == 1
        assert bulk_types(proxy) == {"application/vnd.elasticsearch+json"}
    ask("DELETE", f"{url}/{name}")
