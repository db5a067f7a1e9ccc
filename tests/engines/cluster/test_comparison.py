"""What counts as a difference between an index and its rendering, and what can be changed."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from hybridsearch import Schema
from hybridsearch.engines.cluster.comparison import Difference, compare
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import index_body
from hybridsearch.engines.elasticsearch.dialect import Elasticsearch
from hybridsearch.engines.opensearch.dialect import OpenSearch
from hybridsearch.model.definition import IndexDefinition

SCHEMA = Schema(
    text={"title": {"analyzer": "english", "weight": 2.0}, "body": {}},
    metadata={"seen": "date"},
    dense={"dense": {"embeds": ["title"], "dims": 8}},
)


def body(dialect: Any = None, **settings: Any) -> dict[str, Any]:
    return index_body(
        IndexDefinition(SCHEMA), IndexSettings.of(settings), dialect or Elasticsearch()
    )


def as_told_by_the_server(wanted: dict[str, Any]) -> dict[str, Any]:
    """With the bookkeeping of servers, texts for numbers, and without what is their default."""
    found = deepcopy(wanted)
    index = found["settings"]["index"]
    index.update({key: str(value) for key, value in index.items()})
    index.update(uuid="x", creation_date="1", provided_name="n", version={"created": "9"})
    index["routing"] = {"allocation": {"include": {"_tier_preference": "data_content"}}}
    found["mappings"]["properties"]["seen"].pop("format")
    vector = found["mappings"]["properties"]["dense"]["properties"]["vector"]
    vector["index_options"]["rescore_vector"] = {"oversample": 3.0}
    return found


def test_an_index_is_equal_to_what_made_it() -> None:
    assert compare(as_told_by_the_server(body()), body()) == []


def test_differences_are_told_at_their_place() -> None:
    found = as_told_by_the_server(body())
    found["settings"]["index"]["number_of_replicas"] = "2"
    found["settings"]["index"]["similarity"] = {"default": {"type": "BM25", "b": "0.3"}}
    fields = found["mappings"]["properties"]
    fields["title"]["analyzer"] = "standard"
    fields["body"]["search_analyzer"] = "english"
    fields["more"] = {"type": "keyword"}
    del fields["seen"]
    vector = fields["dense"]["properties"]["vector"]
    vector["index_options"]["m"] = 24

    told = {each.place: str(each) for each in compare(found, body())}

    assert told == {
        "settings.index.number_of_replicas": (
            'settings.index.number_of_replicas: "2" in the index, 1 rendered'
        ),
        "settings.index.similarity.default.type": (
            'settings.index.similarity.default.type: only in the index ("BM25")'
        ),
        "settings.index.similarity.default.b": (
            'settings.index.similarity.default.b: only in the index ("0.3")'
        ),
        "mappings.properties.title.analyzer": (
            'mappings.properties.title.analyzer: "standard" in the index, "english" rendered'
        ),
        "mappings.properties.body.search_analyzer": (
            'mappings.properties.body.search_analyzer: only in the index ("english")'
        ),
        "mappings.properties.seen": (
            "mappings.properties.seen: not in the index "
            '({"type":"date","format":"strict_date_optional_time||epoch_millis"} rendered)'
        ),
        "mappings.properties.dense.properties.vector.index_options.m": (
            "mappings.properties.dense.properties.vector.index_options.m: "
            "24 in the index, 16 rendered"
        ),
        "mappings.properties.more": (
            'mappings.properties.more: only in the index ({"type":"keyword"})'
        ),
    }


def test_settings_written_with_dots_are_the_same() -> None:
    found = body(OpenSearch())
    found["settings"] = {f"index.{key}": value for key, value in found["settings"]["index"].items()}
    assert compare(found, body(OpenSearch())) == []


@pytest.mark.parametrize(
    ("place", "rendered", "in_place"),
    [
        ("settings.index.number_of_replicas", 2, True),
        ("settings.index.refresh_interval", "5s", True),
        ("settings.index.number_of_shards", 2, False),
        ("mappings._meta.hybridsearch.settings.dfs", True, True),
        ("mappings._meta.hybridsearch.settings.vector_index", "hnsw", False),
        ("mappings._meta.hybridsearch.schema.text.a.b.weight", 3.0, True),
        ("mappings._meta.hybridsearch.schema.text.title.analyzer", "english", False),
        ("mappings._meta.hybridsearch.schema.metadata.weight", {"type": "float"}, False),
        ("mappings._meta.hybridsearch.encoder", "another", False),
        ("mappings.properties.title.analyzer", "english", False),
    ],
)
def test_what_can_be_changed_in_place(place: str, rendered: Any, in_place: bool) -> None:
    assert Difference(place, "before", rendered).in_place is in_place
    assert not Difference(place, "before", None).in_place
