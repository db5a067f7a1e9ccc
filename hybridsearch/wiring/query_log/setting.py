"""Which query log an index has: from an argument, else from the environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from pydantic_settings import BaseSettings, SettingsConfigDict

from hybridsearch.engines.cluster.engine import ClusterEngine
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.errors import ConfigurationError
from hybridsearch.model.target import Target
from hybridsearch.wiring.opening import engine_at
from hybridsearch.wiring.query_log.log import QueryLog
from hybridsearch.wiring.query_log.sinks import JsonLines, LogIndex, Sink

QueryLogSetting: TypeAlias = str | Path | Literal[False] | None
"""A file for JSON lines; elasticsearch://HOST:9200/INDEX or opensearch://HOST:9200/INDEX; False or
"off" for none; None for what HYBRIDSEARCH_QUERY_LOG says."""

_OFF: Final = "off"
_SERVERS: Final = ("elasticsearch", "opensearch")


class QueryLogSettings(BaseSettings):
    """HYBRIDSEARCH_QUERY_LOG: a file, a target or `off`."""

    model_config = SettingsConfigDict(env_prefix="HYBRIDSEARCH_", frozen=True, extra="forbid")

    query_log: str = _OFF


def query_log_for(
    setting: QueryLogSetting, beside: Target, connection: Mapping[str, Any] | None
) -> QueryLog | None:
    """The log that a setting names; no server is asked yet. Raises ConfigurationError.

    connection: of the index at `beside`; it is used for a log on the same nodes only, so that no
    credentials reach other servers. Others take theirs from the environment.
    """
    chosen = QueryLogSettings().query_log if setting is None else setting or _OFF
    if not isinstance(chosen, str | Path):
        raise ConfigurationError(
            f"query_log={chosen!r} does not say where to: name a file or a target such as "
            "elasticsearch://HOST:9200/query-log"
        )
    if str(chosen) in {_OFF, ""}:
        return None
    return QueryLog(_sink(chosen, beside, connection))


def _sink(chosen: str | Path, beside: Target, connection: Mapping[str, Any] | None) -> Sink:
    if isinstance(chosen, str) and chosen.startswith("embedded:"):
        raise ConfigurationError(
            f"the query log {chosen} cannot be written: an index in a folder takes none; name a "
            "file, or a target such as elasticsearch://HOST:9200/query-log"
        )
    if isinstance(chosen, Path) or not chosen.startswith(
        tuple(f"{name}{tls}:" for name in _SERVERS for tls in ("", "+https"))
    ):
        return JsonLines(Path(chosen).expanduser())
    target = Target.parse(chosen)
    if target == beside:
        raise ConfigurationError(
            f"the query log {chosen} cannot be written: it is the index that is searched; name "
            "another one"
        )
    near = _nodes(target) == _nodes(beside)
    engine = engine_at(target, EngineOptions(chosen, connection=connection if near else None))
    if not isinstance(engine, ClusterEngine):
        raise ConfigurationError(f"a query log cannot be kept at {target}")
    return LogIndex(target, engine)


def _nodes(target: Target) -> tuple[str, str]:
    return target.engine, target.location.rpartition("/")[0]
