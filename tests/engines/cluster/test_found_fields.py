"""What fields of an index that others made can serve as, and why others cannot."""

from __future__ import annotations

from typing import Any

import pytest
from cluster_flows import DIALECTS

from hybridsearch.engines.cluster.found_fields import FoundField, found_fields
from hybridsearch.engines.cluster.mapping import mapping_of

FIELDS = {
    "title": {
        "type": "text",
        "analyzer": "english",
        "fields": {"keyword": {"type": "keyword", "ignore_above": 256}, "raw": {"type": "binary"}},
    },
    "body": {"type": "text", "analyzer": "folded"},
    "plain": {"type": "text"},
    "two": {"type": "text", "analyzer": "standard", "search_analyzer": "english"},
    "hidden": {"type": "text", "index": False},
    "log": {"type": "match_only_text"},
    "meta": {"properties": {"lang": {"type": "keyword"}, "when": {"type": "date_nanos"}}},
    "off": {"type": "object", "enabled": False},
    "price": {"type": "scaled_float"},
    "stored": {"type": "keyword", "index": False, "doc_values": False},
    "slow": {"type": "long", "index": False},
    "lower": {"type": "keyword", "normalizer": "lowercase"},
    "place": {"type": "geo_point"},
    "parts": {
        "type": "nested",
        "properties": {"text": {"type": "text"}, "n": {"type": "integer"}},
    },
    "id": {"type": "keyword"},
    "_digests": {"properties": {"document": {"type": "keyword"}}},
}
SETTINGS = {"analysis.analyzer.folded.type": "custom", "knn": "true"}


def read(fields: dict[str, Any], product: str, **settings: Any) -> dict[str, FoundField]:
    found = found_fields({"properties": fields}, {**SETTINGS, **settings}, DIALECTS[product])
    return {field.name: field for field in found}


@pytest.mark.parametrize("product", DIALECTS)
def test_fields_serve_as_text_or_metadata(product: str) -> None:
    found = read(FIELDS, product)
    serving = {
        name: (field.serves, field.analyzer or field.metadata) for name, field in found.items()
    }
    assert serving == {
        "title": ("text", "english"),
        "title.keyword": ("metadata", "keyword"),
        "body": ("text", "custom"),
        "plain": ("text", "standard"),
        "two": ("text", "custom"),
        "hidden": (None, None),
        "log": (None, None),
        "meta.lang": ("metadata", "keyword"),
        "meta.when": ("metadata", "date"),
        "off": (None, None),
        "price": ("metadata", "float"),
        "stored": (None, None),
        "slow": ("metadata", "integer"),
        "lower": ("metadata", "keyword"),
        "place": (None, None),
        "parts.text": (None, None),
        "parts.n": (None, None),
        "id": (None, None),
    }
    assert found["title.keyword"].part
    assert not found["meta.lang"].part


@pytest.mark.parametrize("product", DIALECTS)
def test_what_cannot_serve_says_why(product: str) -> None:
    found = read(FIELDS, product)
    for name, words in {
        "hidden": "not indexed",
        "log": "score alike",
        "off": "not indexed",
        "stored": "not indexed",
        "place": "geo_point is none",
        "parts.text": "nested objects of parts",
        "id": "in _id",
        "lower": "normalizer lowercase",
        "body": "own analyzer folded",
    }.items():
        assert words in found[name].remark, name


def test_an_analyzer_that_the_index_redefines_is_its_own() -> None:
    fields = {"text": {"type": "text", "analyzer": "english"}, "other": {"type": "text"}}
    own = {"analysis.analyzer.english.type": "stop", "analysis.analyzer.default.type": "simple"}
    found = read(fields, "elasticsearch", **own)
    assert (found["text"].analyzer, found["other"].analyzer) == ("custom", "custom")


@pytest.mark.parametrize(
    ("field", "scale"),
    [
        ({"similarity": "cosine"}, "halved"),
        ({}, "halved"),
        ({"similarity": "dot_product"}, "halved"),
        ({"similarity": "max_inner_product"}, "shifted"),
        ({"similarity": "l2_norm"}, "distance"),
    ],
)
def test_vectors_of_elasticsearch(field: dict[str, Any], scale: str) -> None:
    fields = {"v": {"type": "dense_vector", "dims": 3, **field}}
    found = read(fields, "elasticsearch")["v"]
    assert (found.serves, found.dims) == ("vector", 3)
    assert found.vector is not None
    assert (found.vector.scale, found.vector.exact, found.vector.nested) == (scale, False, None)


@pytest.mark.parametrize(
    ("field", "settings", "scale", "exact"),
    [
        ({"method": {"space_type": "cosinesimil"}}, {}, "halved", False),
        ({"space_type": "innerproduct"}, {}, "shifted", False),
        ({}, {}, "distance", False),
        ({}, {"knn.space_type": "cosinesimil"}, "halved", False),
        ({"space_type": "l1"}, {}, "halved", True),
        ({"space_type": "innerproduct"}, {"knn": "false"}, "halved", True),
    ],
)
def test_vectors_of_opensearch(
    field: dict[str, Any], settings: dict[str, Any], scale: str, exact: bool
) -> None:
    fields = {"v": {"type": "knn_vector", "dimension": 3, **field}}
    found = read(fields, "opensearch", **settings)["v"]
    assert (found.serves, found.dims) == ("vector", 3)
    assert found.vector is not None
    assert (found.vector.scale, found.vector.exact) == (scale, exact)


def test_vectors_that_are_no_floats_or_have_no_dims_cannot_serve() -> None:
    dense = {"a": {"type": "dense_vector", "dims": 8, "element_type": "bit"}}
    dense["b"] = {"type": "dense_vector"}
    dense["c"] = {"type": "dense_vector", "dims": 8, "index": False}
    knn = {"a": {"type": "knn_vector", "dimension": 8, "data_type": "byte"}}
    knn["b"] = {"type": "knn_vector", "model_id": "trained"}
    for product, fields in (("elasticsearch", dense), ("opensearch", knn)):
        found = read(fields, product)
        assert not any(field.serves for field in found.values())
        assert "not of floats" in found["a"].remark
        assert "dims" in found["b"].remark


def test_vectors_of_passages_lie_in_their_nested_field() -> None:
    vector = {"type": "dense_vector", "dims": 3, "similarity": "dot_product"}
    fields = {
        "parts": {"type": "nested", "properties": {"v": {"properties": {"x": vector}}}},
        "dense": {
            "type": "nested",
            "properties": {
                "start": {"type": "integer"},
                "end": {"type": "integer"},
                "vector": vector,
            },
        },
    }
    found = read(fields, "elasticsearch")
    theirs, ours = found["parts.v.x"].vector, found["dense"].vector
    assert theirs is not None
    assert ours is not None
    assert (theirs.nested, theirs.within, theirs.places) == ("parts", "v.x", False)
    assert (ours.nested, ours.within, ours.places) == ("dense", "vector", True)


def test_a_mapping_is_found_by_its_dotted_name() -> None:
    body = {"properties": FIELDS}
    assert mapping_of(body, "meta.lang") == {"type": "keyword"}
    assert mapping_of(body, "title.keyword") == FIELDS["title"]["fields"]["keyword"]  # type: ignore[index]
    assert mapping_of(body, "meta.none") is None
    assert mapping_of(body, "none.at.all") is None
