"""The saved objects of `mappings/kibana` and `mappings/dashboards`: whole, of known shape, and each
panel's aggregations answered by real servers about a log that real searches have filled.

Neither product runs here, so that no import and no drawing is tested.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cluster_places import QUERY, SCHEMA, Place, a_shard_failed
from servers.ask import ask
from servers.fault_proxy import fault_proxy, on, rewriting, status
from servers.fixtures import ServerUrl

from hybridsearch import HybridIndex
from hybridsearch.engines.cluster.log_index import PROPERTIES, log_body
from hybridsearch.errors import FilterError, ForbiddenError

MAPPINGS = Path(__file__).parents[2] / "mappings"
FILES = ("kibana/query-log.ndjson", "dashboards/query-log.ndjson")
SERVERS = {
    "elasticsearch": FILES[0],
    "elasticsearch-8": FILES[0],
    "opensearch": FILES[1],
    "opensearch-2": FILES[1],
}
# What the published types of saved objects have, and what each cannot be without.
ATTRIBUTES = {
    "index-pattern": ({"title", "name", "timeFieldName"}, {"title"}),
    "search": (
        {"title", "description", "columns", "sort", "hits", "version", "kibanaSavedObjectMeta"},
        {"title", "columns", "sort", "kibanaSavedObjectMeta"},
    ),
    "visualization": (
        {"title", "description", "visState", "uiStateJSON", "version", "kibanaSavedObjectMeta"},
        {"title", "visState", "kibanaSavedObjectMeta"},
    ),
    "dashboard": (
        {
            "title",
            "description",
            "hits",
            "panelsJSON",
            "optionsJSON",
            "version",
            "timeRestore",
            "timeFrom",
            "timeTo",
            "refreshInterval",
            "kibanaSavedObjectMeta",
        },
        {"title", "panelsJSON", "kibanaSavedObjectMeta"},
    ),
}
KINDS = {"line", "histogram", "horizontal_bar", "table", "metric"}
Object = dict[str, Any]


def objects_of(file: str) -> list[Object]:
    lines = (MAPPINGS / file).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


@pytest.fixture(params=FILES)
def objects(request: pytest.FixtureRequest) -> list[Object]:
    return objects_of(request.param)


def of(kind: str, objects: list[Object]) -> list[Object]:
    return [each for each in objects if each["type"] == kind]


def source_of(each: Object) -> Object:
    source: Object = json.loads(each["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    return source


def state_of(each: Object) -> Object:
    state: Object = json.loads(each["attributes"]["visState"])
    return state


def leaves(properties: Object, place: str = "") -> Iterator[tuple[str, Object]]:
    """Every field of a mapping by its whole name."""
    for name, field in properties.items():
        yield f"{place}{name}", field
        for inner in ("properties", "fields"):
            yield from leaves(field.get(inner, {}), f"{place}{name}.")


FIELDS = dict(leaves(PROPERTIES))
NUMBERS = {"integer", "float"}


def test_ids_are_unique_and_references_lead_to_objects_before(objects: list[Object]) -> None:
    assert Counter(each["type"] for each in objects)["dashboard"] == 1
    seen: set[tuple[str, str]] = set()
    for each in objects:
        for reference in each["references"]:
            assert (reference["type"], reference["id"]) in seen
        assert (each["type"], each["id"]) not in seen
        seen.add((each["type"], each["id"]))
    assert len({each["id"] for each in objects}) >= len(objects) - 1  # data view and dashboard


def test_objects_have_the_attributes_of_their_types(objects: list[Object]) -> None:
    for each in objects:
        known, needed = ATTRIBUTES[each["type"]]
        given = set(each["attributes"])
        assert needed <= given <= known, each["id"]


def test_the_shapes_are_those_of_the_importing_product() -> None:
    kibana, dashboards = map(objects_of, FILES)
    for each in kibana:
        assert each["coreMigrationVersion"] == "8.8.0"
        assert each["typeMigrationVersion"] <= "8.8.0"
        assert "migrationVersion" not in each
    for each in dashboards:
        assert each["migrationVersion"].keys() == {each["type"]}
        assert all(version.startswith("7.") for version in each["migrationVersion"].values())
    assert [each["id"] for each in kibana] == [each["id"] for each in dashboards]


def test_every_source_names_the_data_view(objects: list[Object]) -> None:
    (view,) = of("index-pattern", objects)
    assert view["attributes"]["timeFieldName"] == "timestamp"
    for each in (*of("search", objects), *of("visualization", objects)):
        (reference,) = each["references"]
        assert reference["id"] == view["id"]
        assert source_of(each)["indexRefName"] == reference["name"]


def test_the_dashboard_shows_every_panel_once_without_overlap(objects: list[Object]) -> None:
    (dashboard,) = of("dashboard", objects)
    by_name = {reference["name"]: reference for reference in dashboard["references"]}
    taken: set[tuple[int, int]] = set()
    shown = []
    for panel in json.loads(dashboard["attributes"]["panelsJSON"]):
        name, index = panel["panelRefName"], panel["panelIndex"]
        reference = by_name.get(name) or by_name[f"{index}:{name}"]
        assert reference["type"] == panel["type"]
        shown.append(reference["id"])
        grid = panel["gridData"]
        assert grid["i"] == index
        assert grid["x"] + grid["w"] <= 48
        cells = {
            (x, y)
            for x in range(grid["x"], grid["x"] + grid["w"])
            for y in range(grid["y"], grid["y"] + grid["h"])
        }
        assert not cells & taken
        taken |= cells
    assert sorted(shown) == sorted(
        each["id"] for each in (*of("search", objects), *of("visualization", objects))
    )
    assert len(shown) == len(by_name)


def test_every_field_that_is_used_is_one_of_the_log(objects: list[Object]) -> None:
    for column in of("search", objects)[0]["attributes"]["columns"]:
        assert column in FIELDS
    used = set()
    for each in of("visualization", objects):
        state = state_of(each)
        assert state["type"] in KINDS
        for aggregation in state["aggs"]:
            field = aggregation["params"].get("field")
            if field is None:
                assert aggregation["type"] in {"count", "filters"}
                continue
            used.add(field)
            kind = FIELDS[field]["type"]
            wanted = {"terms": {"keyword"}, "date_histogram": {"date"}}
            assert kind in wanted.get(aggregation["type"], NUMBERS), field
    steps = PROPERTIES["query_attributes"]["properties"]["timings_ms"]["properties"]
    assert used >= {f"query_attributes.timings_ms.{step}" for step in steps}


def search_of(each: Object) -> Object:
    """The search that the product makes of a visualization's aggregations."""
    state, source = state_of(each), source_of(each)
    metrics = {}
    buckets = []
    for aggregation in state["aggs"]:
        kind, given = aggregation["type"], aggregation["params"]
        if kind == "count":
            continue
        if kind == "date_histogram":
            body = {"field": given["field"], "fixed_interval": "1m"}
        elif kind == "filters":
            cases = {
                case["label"]: {"query_string": {"query": case["input"]["query"]}}
                for case in given["filters"]
            }
            assert {case["input"]["language"] for case in given["filters"]} == {"lucene"}
            body = {"filters": cases}
        elif kind == "terms":
            first = state["aggs"][0]
            key = "_count" if first["type"] == "count" else given["orderBy"]
            body = {"field": given["field"], "size": given["size"], "order": {key: given["order"]}}
        else:
            body = {key: given[key] for key in ("field", "percents") if key in given}
        if aggregation["schema"] == "metric":
            metrics[aggregation["id"]] = {kind: body}
        else:
            buckets.append((aggregation["id"], {kind: body}))
    inner: Object = metrics
    for id, body in reversed(buckets):
        inner = {id: {**body, **({"aggs": inner} if inner else {})}}
    assert source["query"]["language"] == "lucene"
    query = source["query"]["query"] or "*"
    return {"size": 0, "query": {"query_string": {"query": query}}, "aggs": inner}


def rows_of(body: Object) -> list[tuple[tuple[Any, ...], Object]]:
    """Every innermost bucket with the keys that lead to it."""

    def walk(level: Object, path: tuple[Any, ...]) -> Iterator[tuple[tuple[Any, ...], Object]]:
        found = [value["buckets"] for value in level.values() if "buckets" in dict(value or {})]
        if not found:
            yield path, level
            return
        pairs = (
            found[0].items()
            if isinstance(found[0], dict)
            else [(bucket["key"], bucket) for bucket in found[0]]
        )
        for key, bucket in pairs:
            inner = {name: value for name, value in bucket.items() if isinstance(value, dict)}
            nested = [value for value in inner.values() if "buckets" in value]
            yield from walk(inner, (*path, key)) if nested else iter([((*path, key), bucket)])

    return list(walk(body["aggregations"], ()))


@pytest.fixture(scope="module", params=SERVERS)
def answers(request: pytest.FixtureRequest, server_url: ServerUrl) -> Iterator[dict[str, Object]]:
    """What each panel's search finds in the log of eighteen searches, by the panel's name."""
    url = server_url(request.param)
    place = Place(request.param.removesuffix("-8").removesuffix("-2"), url)
    place.make()
    log = f"query-log-{uuid.uuid4().hex}"
    ask("PUT", f"{url}/{log}", log_body())
    try:
        with HybridIndex.open(
            place.target, query_log=place.target.replace(place.name, log)
        ) as index:
            assert index.schema.dense.keys() == SCHEMA.dense.keys()
            for _ in range(6):
                index.search("word", vector=QUERY, k=5, window=5)
            for _ in range(3):
                index.search("word red", vector=QUERY, fusion="rrf(k=10)", window=10)
            for _ in range(4):
                index.search("nowhere", where="year > 3000", vector=QUERY)
            index.search("text without vector")  # which is told by a warning
            with pytest.raises(FilterError):
                index.search("word", where="yaer > 3000", vector=QUERY)
        with fault_proxy(url) as proxy:
            proxy.fault = on("_msearch", rewriting(a_shard_failed))
            with HybridIndex.open(
                place.through(proxy.url), query_log=place.target.replace(place.name, log)
            ) as index:
                index.search("word", vector=QUERY, allow_partial=True)
                proxy.fault = on("_msearch", status(403))
                for _ in range(2):
                    with pytest.raises(ForbiddenError):
                        index.search("word", vector=QUERY)
        ask("POST", f"{url}/{log}/_refresh")
        assert ask("GET", f"{url}/{log}/_count")["count"] == 18
        yield {
            each["id"].removeprefix("hybridsearch-query-log-"): ask(
                "POST", f"{url}/{log}/_search", search_of(each)
            )
            for each in of("visualization", objects_of(SERVERS[request.param]))
        }
    finally:
        ask("DELETE", f"{url}/{log}")
        place.ask("DELETE")


def counts(answer: Object, *, level: int = -1) -> dict[Any, int]:
    """How many records there are by the key at a level."""
    found: Counter[Any] = Counter()
    for path, bucket in rows_of(answer):
        found[path[level]] += bucket["doc_count"]
    return dict(found)


def values(answer: Object) -> list[float]:
    """Every number of every metric in every bucket."""
    found: list[float] = []
    for _, bucket in rows_of(answer):
        for metric in bucket.values():
            if isinstance(metric, dict):
                inner = metric.get("values", {"value": metric.get("value")})
                found.extend(value for value in inner.values() if value is not None)
    return found


def test_totals_and_shares_count_what_was_searched(answers: dict[str, Object]) -> None:
    assert counts(answers["totals"]) == {"all": 18, "failed": 3, "degraded": 1, "without hits": 4}
    assert counts(answers["outcomes"]) == {
        "failed": 3,
        "degraded": 1,
        "whole, with a warning": 1,
        "fine": 13,
    }
    assert sum(counts(answers["over-time"]).values()) == 18


def test_failures_are_counted_by_their_error(answers: dict[str, Object]) -> None:
    assert counts(answers["failures"]) == {"ForbiddenError": 2, "FilterError": 1}


def test_queries_without_hits_are_named(answers: dict[str, Object]) -> None:
    assert counts(answers["zero-hits"]) == {"nowhere": 4}


def test_fusions_are_counted(answers: dict[str, Object]) -> None:
    assert counts(answers["fusions"]) == {"convex": 15, "rrf": 3}


def test_the_slowest_come_first(answers: dict[str, Object]) -> None:
    longest = [bucket["1"]["value"] for _, bucket in rows_of(answers["slowest"])]
    assert longest == sorted(longest, reverse=True)
    assert len(longest) == 4
    assert longest[-1] > 0


def test_times_have_a_median_and_a_95th_percentile(answers: dict[str, Object]) -> None:
    assert len(values(answers["took"])) >= 2
    assert min(values(answers["took"])) > 0
    for name in ("steps-p50", "steps-p95"):
        found = values(answers[name])
        assert len(found) >= 5
        assert max(found) > 0


def test_completed_scores_have_a_mean(answers: dict[str, Object]) -> None:
    assert max(values(answers["completed"])) > 0
