"""What the dashboard over a query log shows: its panels, each described once for both products."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from hybridsearch.engines.cluster.log_index import STEPS, TIMESTAMP

_OWN: Final = "query_attributes"
QUERY: Final = "user_query.keyword"
TOOK: Final = f"{_OWN}.took_ms"
FUSION: Final = f"{_OWN}.fusion"
HITS: Final = f"{_OWN}.hit_count"
COMPLETED: Final = f"{_OWN}.completed_scores"
DEGRADED: Final = f"{_OWN}.degraded"
WARNINGS: Final = f"{_OWN}.warning_count"
ERROR: Final = f"{_OWN}.error"
FAILED: Final = f"_exists_:{ERROR}"
COLUMNS: Final = (
    "user_query",
    f"{_OWN}.filter",
    FUSION,
    HITS,
    f"{_OWN}.best_score",
    TOOK,
    f"{_OWN}.warnings",
    ERROR,
    f"{_OWN}.error_message",
)


@dataclass(frozen=True)
class Metric:
    """A number of each bucket; without a field, how many records it has. percents: of
    `percentiles` alone."""

    label: str
    kind: Literal["count", "avg", "max", "percentiles"] = "count"
    field: str | None = None
    percents: tuple[int, ...] = ()


@dataclass(frozen=True)
class OverTime:
    """A bucket for each interval that fits the time shown."""

    field: str = TIMESTAMP


@dataclass(frozen=True)
class Values:
    """A bucket for each of the most frequent values, or of those whose first metric is highest."""

    field: str
    label: str
    size: int = 10


@dataclass(frozen=True)
class Cases:
    """A bucket for each query in Lucene's syntax, by its label."""

    queries: tuple[tuple[str, str], ...]


Bucket: TypeAlias = OverTime | Values | Cases
Kind: TypeAlias = Literal["line", "histogram", "horizontal_bar", "table", "metric"]


@dataclass(frozen=True)
class Panel:
    """One panel: what it draws of which records.

    name: of its saved object; buckets: along the axis, or the rows; split: into series; query:
    only these records, in Lucene's syntax. width and height on a grid of 48 columns. shares:
    whether the series are drawn as parts of a whole.
    """

    name: str
    title: str
    kind: Kind
    metrics: tuple[Metric, ...]
    buckets: tuple[Bucket, ...] = ()
    split: Bucket | None = None
    query: str = ""
    width: int = 24
    height: int = 11
    shares: bool = False


def _by_step(percent: int) -> tuple[Metric, ...]:
    return tuple(
        Metric(step, "percentiles", f"{_OWN}.timings_ms.{step}", (percent,)) for step in STEPS
    )


_OUTCOMES: Final = Cases(
    (
        ("failed", FAILED),
        ("degraded", f"{DEGRADED}:true"),
        ("whole, with a warning", f"{DEGRADED}:false AND {WARNINGS}:>0"),
        ("fine", f"{DEGRADED}:false AND {WARNINGS}:0"),
    )
)

PANELS: Final = (
    Panel(
        "totals",
        "Queries",
        "metric",
        (Metric("queries"),),
        split=Cases(
            (
                ("all", "*"),
                ("failed", FAILED),
                ("degraded", f"{DEGRADED}:true"),
                ("without hits", f"{HITS}:0"),
            )
        ),
        width=16,
    ),
    Panel(
        "over-time",
        "Queries over time",
        "histogram",
        (Metric("queries"),),
        (OverTime(),),
        width=32,
    ),
    Panel(
        "took",
        "Milliseconds a query: median and 95th percentile",
        "line",
        (Metric("ms", "percentiles", TOOK, (50, 95)),),
        (OverTime(),),
    ),
    Panel(
        "outcomes",
        "Share of failures, of degraded answers and of warnings",
        "histogram",
        (Metric("queries"),),
        (OverTime(),),
        split=_OUTCOMES,
        shares=True,
    ),
    Panel(
        "failures",
        "Failed queries over time, by error",
        "histogram",
        (Metric("queries"),),
        (OverTime(),),
        split=Values(ERROR, "error"),
        query=FAILED,
        width=48,
    ),
    Panel("steps-p50", "Median milliseconds by step", "line", _by_step(50), (OverTime(),)),
    Panel(
        "steps-p95", "95th percentile of milliseconds by step", "line", _by_step(95), (OverTime(),)
    ),
    Panel(
        "zero-hits",
        "Queries without hits",
        "table",
        (Metric("queries"),),
        (Values(QUERY, "query", 20),),
        query=f"{HITS}:0",
        height=15,
    ),
    Panel(
        "slowest",
        "Slowest queries",
        "table",
        (
            Metric("longest ms", "max", TOOK),
            Metric("mean ms", "avg", TOOK),
            Metric("queries"),
        ),
        (Values(QUERY, "query", 20),),
        height=15,
    ),
    Panel(
        "fusions",
        "Fusions used",
        "horizontal_bar",
        (Metric("queries"),),
        (Values(FUSION, "fusion"),),
    ),
    Panel(
        "completed",
        "Scores completed a query: mean and 95th percentile",
        "line",
        (
            Metric("mean", "avg", COMPLETED),
            Metric("scores", "percentiles", COMPLETED, (95,)),
        ),
        (OverTime(),),
    ),
)
