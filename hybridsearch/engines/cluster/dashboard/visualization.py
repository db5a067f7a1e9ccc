"""A panel as the state of a visualization by aggregations, which both products draw."""

from __future__ import annotations

from typing import Any, Final

from hybridsearch.engines.cluster.dashboard.panels import Bucket, Cases, Metric, OverTime, Panel

LANGUAGE: Final = "lucene"
State = dict[str, Any]


def visualization(panel: Panel) -> State:
    """The state: the kind of drawing, its parameters, and its aggregations in order."""
    metrics = [_metric(metric) for metric in panel.metrics]
    axis = "bucket" if panel.kind == "table" else "segment"
    buckets = [(axis, _bucket(bucket)) for bucket in panel.buckets]
    if panel.split is not None:
        buckets.append(("group", _bucket(panel.split)))
    parts = [*(("metric", metric) for metric in metrics), *buckets]
    return {
        "title": panel.title,
        "type": panel.kind,
        "aggs": [
            {"id": str(number), "enabled": True, "schema": schema, **aggregation}
            for number, (schema, aggregation) in enumerate(parts, start=1)
        ],
        "params": _parameters(panel),
    }


def _metric(metric: Metric) -> State:
    parameters: State = {"customLabel": metric.label}
    if metric.field is not None:
        parameters["field"] = metric.field
    if metric.percents:
        parameters["percents"] = list(metric.percents)
    return {"type": metric.kind, "params": parameters}


def _bucket(bucket: Bucket) -> State:
    if isinstance(bucket, OverTime):
        parameters: State = {
            "field": bucket.field,
            "interval": "auto",
            "min_doc_count": 1,
            "drop_partials": False,
            "extended_bounds": {},
        }
        return {"type": "date_histogram", "params": parameters}
    if isinstance(bucket, Cases):
        filters = [
            {"input": {"query": query, "language": LANGUAGE}, "label": label}
            for label, query in bucket.queries
        ]
        return {"type": "filters", "params": {"filters": filters}}
    parameters = {
        "field": bucket.field,
        "customLabel": bucket.label,
        "size": bucket.size,
        "orderBy": "1",
        "order": "desc",
        "otherBucket": False,
        "missingBucket": False,
    }
    return {"type": "terms", "params": parameters}


def _parameters(panel: Panel) -> State:
    if panel.kind == "table":
        return {
            "perPage": 10,
            "showPartialRows": False,
            "showMetricsAtAllLevels": False,
            "showTotal": False,
            "totalFunc": "sum",
            "percentageCol": "",
        }
    if panel.kind == "metric":
        return {"type": "metric", "addTooltip": True, "addLegend": False, "metric": _METRIC}
    return _chart(panel)


def _chart(panel: Panel) -> State:
    sideways = panel.kind == "horizontal_bar"
    drawn = "line" if panel.kind == "line" else "histogram"
    return {
        "type": panel.kind,
        "grid": {"categoryLines": False},
        "categoryAxes": [
            {
                "id": "CategoryAxis-1",
                "type": "category",
                "position": "left" if sideways else "bottom",
                "show": True,
                "scale": {"type": "linear"},
                "labels": {"show": True, "filter": not sideways, "truncate": 100},
                "title": {},
            }
        ],
        "valueAxes": [
            {
                "id": "ValueAxis-1",
                "name": "BottomAxis-1" if sideways else "LeftAxis-1",
                "type": "value",
                "position": "bottom" if sideways else "left",
                "show": True,
                "scale": {"type": "linear", "mode": "percentage" if panel.shares else "normal"},
                "labels": {"show": True, "rotate": 0, "filter": False, "truncate": 100},
                "title": {"text": panel.metrics[0].label},
            }
        ],
        "seriesParams": [
            {
                "show": True,
                "type": drawn,
                "mode": "normal" if drawn == "line" else "stacked",
                "data": {"id": str(number), "label": metric.label},
                "valueAxis": "ValueAxis-1",
                "drawLinesBetweenPoints": True,
                "showCircles": True,
                "interpolate": "linear",
                "lineWidth": 2,
            }
            for number, metric in enumerate(panel.metrics, start=1)
        ],
        "addTooltip": True,
        "addLegend": True,
        "legendPosition": "right",
        "times": [],
        "addTimeMarker": False,
        "labels": {"show": False},
        "thresholdLine": {"show": False, "value": 10, "width": 1, "style": "full"},
    }


_METRIC: Final[State] = {
    "percentageMode": False,
    "useRanges": False,
    "colorSchema": "Green to Red",
    "metricColorMode": "None",
    "colorsRange": [{"from": 0, "to": 10_000}],
    "labels": {"show": True},
    "invertColors": False,
    "style": {
        "bgFill": "#000",
        "bgColor": False,
        "labelColor": False,
        "subText": "",
        "fontSize": 36,
    },
}
