"""Indices that keep a part of their documents, which no vector can be written to without loss."""

from __future__ import annotations

from typing import Any

import pytest
from cluster_flows import driven, index_on

from hybridsearch.engines.cluster.kept_source import check_keeps_source
from hybridsearch.errors import ConfigurationError


def looked_at(product: str, source: dict[str, Any] | None) -> None:
    reply = {} if source is None else {"books": {"mappings": {"_source": source}}}
    (request,), _ = driven(check_keeps_source("dense", index_on(product)), [reply])
    assert (request.method, request.path) == ("GET", "/books/_mapping")


@pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize(
    "source", [None, {}, {"enabled": True}, {"excludes": []}, {"excludes": ["dense", "dense.*"]}]
)
def test_an_index_that_keeps_all_but_these_vectors_is_filled(
    product: str, source: dict[str, Any] | None
) -> None:
    looked_at(product, source)


@pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ({"excludes": ["dense", "body"]}, "excludes body"),
        ({"excludes": ["d*"]}, r"excludes d\*"),
        ({"includes": ["title"]}, "includes title"),
    ],
)
def test_an_index_that_leaves_out_other_fields_is_refused(
    product: str, source: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        looked_at(product, source)
