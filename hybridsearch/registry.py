"""Plug-ins by name: the table of built-in ones, and the entry points other packages add."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points
from typing import Any, Final, Literal

from hybridsearch.errors import ConfigurationError, UnknownNameError

Family = Literal["fusions", "engines", "encoders", "sources"]

BUILT_IN: Final[dict[Family, dict[str, str]]] = {
    "fusions": {
        "convex": "hybridsearch.fusion.convex:Convex",
        "rrf": "hybridsearch.fusion.rrf:ReciprocalRank",
        "isr": "hybridsearch.fusion.isr:InverseSquareRank",
        "combsum": "hybridsearch.fusion.comb:CombSum",
        "combmnz": "hybridsearch.fusion.comb:CombMnz",
        "mean": "hybridsearch.fusion.means:Mean",
        "median": "hybridsearch.fusion.order_statistics:Median",
        "max": "hybridsearch.fusion.order_statistics:Max",
        "min": "hybridsearch.fusion.order_statistics:Min",
        "geometric": "hybridsearch.fusion.means:GeometricMean",
        "harmonic": "hybridsearch.fusion.means:HarmonicMean",
        "dbsf": "hybridsearch.fusion.dbsf:DistributionBased",
        "borda": "hybridsearch.fusion.borda:Borda",
    },
    "engines": {
        "embedded": "hybridsearch.engines.embedded.engine:at",
        "elasticsearch": "hybridsearch.engines.elasticsearch.engine:at",
        "opensearch": "hybridsearch.engines.opensearch.engine:at",
    },
    "encoders": {
        "sentence-transformers": "hybridsearch.encoding.sentence_transformer:load",
        "transformers": "hybridsearch.encoding.transformer:load",
        "package": "hybridsearch.encoding.packaged:load",
    },
    "sources": {
        "file": "hybridsearch.indexing.sources.files:open_file",
        "sqlite": "hybridsearch.indexing.sources.sql:open_query",
        "postgresql": "hybridsearch.indexing.sources.sql:open_query",
        "sql": "hybridsearch.indexing.sources.sql:open_query",
        "embedded": "hybridsearch.indexing.sources.index:open_index",
        "elasticsearch": "hybridsearch.indexing.sources.index:open_index",
        "opensearch": "hybridsearch.indexing.sources.index:open_index",
    },
}

_SINGULAR: Final[dict[Family, str]] = {
    "fusions": "fusion",
    "engines": "engine",
    "encoders": "encoder",
    "sources": "source",
}


def names(family: Family) -> list[str]:
    """All known names of a family, built-in and from entry points, sorted."""
    return sorted({*BUILT_IN[family], *_added(family)})


def load(family: Family, name: str) -> Any:
    """The plug-in called `name`; raises UnknownNameError, which names the nearest known one."""
    if name in BUILT_IN[family]:
        module, _, attribute = BUILT_IN[family][name].partition(":")
        return getattr(import_module(module), attribute)
    added = _added(family)
    if name not in added:
        raise UnknownNameError(_SINGULAR[family], name, names(family))
    try:
        return added[name].load()
    except ImportError as error:
        raise ConfigurationError(
            f"the {_SINGULAR[family]} {name!r} is announced by an installed package, "
            f"but cannot be imported: {error}"
        ) from error


def _added(family: Family) -> dict[str, Any]:
    return {point.name: point for point in entry_points(group=f"hybridsearch.{family}")}
