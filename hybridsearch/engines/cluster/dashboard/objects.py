"""The dashboard over a query log as saved objects, in the lines that both products import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import orjson

from hybridsearch.engines.cluster.dashboard.panels import COLUMNS, PANELS, Panel
from hybridsearch.engines.cluster.dashboard.visualization import LANGUAGE, visualization
from hybridsearch.engines.cluster.log_index import TIMESTAMP

Object = dict[str, Any]
Reference = dict[str, str]
Product: TypeAlias = Literal["kibana", "dashboards"]

ID: Final = "hybridsearch-query-log"
TITLE: Final = "Query log"
COLUMNS_OF_GRID: Final = 48
_DATA_VIEW: Final = "index-pattern"
_INDEX: Final = "kibanaSavedObjectMeta.searchSourceJSON.index"


@dataclass(frozen=True)
class _Importer:
    """What an importing product wants to know.

    versions: of each type's shape, from which it brings objects up to its own; written: the
    panels' own. qualified: whether references name the panel twice.
    """

    versions: dict[str, str]
    written: str
    qualified: bool

    def stamp(self, kind: str) -> Object:
        """What tells the version of an object's shape."""
        if self.qualified:
            return {"coreMigrationVersion": "8.8.0", "typeMigrationVersion": self.versions[kind]}
        return {"migrationVersion": {kind: self.versions[kind]}}


_IMPORTERS: Final[dict[str, _Importer]] = {
    # The oldest shapes that every supported version of the product brings up to date.
    "kibana": _Importer(
        {_DATA_VIEW: "8.0.0", "visualization": "8.0.0", "search": "7.9.3", "dashboard": "8.7.0"},
        "8.8.0",
        qualified=True,
    ),
    "dashboards": _Importer(
        {_DATA_VIEW: "7.6.0", "visualization": "7.10.0", "search": "7.9.3", "dashboard": "7.9.3"},
        "7.9.3",
        qualified=False,
    ),
}


def saved_objects(product: Product, name: str) -> list[Object]:
    """Data view, saved search, visualizations and the dashboard over the indices `name*`."""
    importer = _IMPORTERS[product]
    return [
        _data_view(name, importer),
        _search(importer),
        *(_panel(panel, importer) for panel in PANELS),
        _dashboard(importer),
    ]


def as_ndjson(objects: list[Object]) -> str:
    """One object a line, as the import takes them."""
    return "".join(orjson.dumps(each).decode() + "\n" for each in objects)


def _object(
    kind: str, id: str, attributes: Object, references: list[Reference], importer: _Importer
) -> Object:
    return {
        "id": id,
        "type": kind,
        "attributes": attributes,
        "references": references,
        **importer.stamp(kind),
    }


def _data_view(name: str, importer: _Importer) -> Object:
    attributes = {"title": f"{name}*", "timeFieldName": TIMESTAMP}
    if importer.qualified:
        attributes["name"] = TITLE
    return _object(_DATA_VIEW, ID, attributes, [], importer)


def _search(importer: _Importer) -> Object:
    attributes = {
        "title": f"{TITLE}: queries",
        "description": "Every search, with its filter, fusion, hits, time and error",
        "columns": list(COLUMNS),
        "sort": [[TIMESTAMP, "desc"]],
        "hits": 0,
        "version": 1,
        "kibanaSavedObjectMeta": _source("", indexed=True),
    }
    return _object("search", f"{ID}-queries", attributes, [_of_data_view()], importer)


def _panel(panel: Panel, importer: _Importer) -> Object:
    attributes = {
        "title": f"{TITLE}: {panel.title}",
        "description": "",
        "visState": _text(visualization(panel)),
        "uiStateJSON": "{}",
        "version": 1,
        "kibanaSavedObjectMeta": _source(panel.query, indexed=True),
    }
    return _object("visualization", f"{ID}-{panel.name}", attributes, [_of_data_view()], importer)


def _dashboard(importer: _Importer) -> Object:
    shown: list[tuple[str, str, Object]] = []
    left = top = tallest = 0
    for panel in PANELS:
        if left + panel.width > COLUMNS_OF_GRID:
            left, top, tallest = 0, top + tallest, 0
        place = {"x": left, "y": top, "w": panel.width, "h": panel.height}
        shown.append(("visualization", f"{ID}-{panel.name}", place))
        left, tallest = left + panel.width, max(tallest, panel.height)
    place = {"x": 0, "y": top + tallest, "w": COLUMNS_OF_GRID, "h": 20}
    shown.append(("search", f"{ID}-queries", place))

    panels, references = [], []
    for number, (kind, id, place) in enumerate(shown, start=1):
        reference = f"panel_{number}"
        panels.append(
            {
                "version": importer.written,
                "type": kind,
                "gridData": {**place, "i": str(number)},
                "panelIndex": str(number),
                "embeddableConfig": {},
                "panelRefName": reference,
            }
        )
        qualified = f"{number}:{reference}" if importer.qualified else reference
        references.append({"name": qualified, "type": kind, "id": id})
    attributes = {
        "title": TITLE,
        "description": "How searches go: how many, how fast, how whole, which fail or find nothing",
        "hits": 0,
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "hidePanelTitles": False}),
        "version": 1,
        "timeRestore": True,
        "timeFrom": "now-24h",
        "timeTo": "now",
        "refreshInterval": {"pause": True, "value": 60_000},
        "kibanaSavedObjectMeta": _source("", indexed=False),
    }
    return _object("dashboard", ID, attributes, references, importer)


def _source(query: str, *, indexed: bool) -> Object:
    source: Object = {"query": {"query": query, "language": LANGUAGE}, "filter": []}
    if indexed:
        source["indexRefName"] = _INDEX
    return {"searchSourceJSON": _text(source)}


def _of_data_view() -> Reference:
    return {"name": _INDEX, "type": _DATA_VIEW, "id": ID}


def _text(value: Any) -> str:
    return orjson.dumps(value).decode()
