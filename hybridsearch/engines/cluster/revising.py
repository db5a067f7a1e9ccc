"""An index that exists, read as it is, and given what can be changed in place."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from hybridsearch.engines.cluster.comparison import Difference
from hybridsearch.engines.cluster.dialect import Dialect
from hybridsearch.engines.cluster.index import index_path
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.engines.cluster.mapping import DIGESTS, digest_fields, read_meta
from hybridsearch.engines.cluster.opening import only_index
from hybridsearch.engines.cluster.refusals import check_reply
from hybridsearch.engines.cluster.server import ask_server
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.errors import MappingMismatchError
from hybridsearch.model.definition import IndexDefinition


@dataclass(frozen=True)
class FoundIndex:
    """body: settings and mappings as the server tells them; and what the mapping remembers."""

    body: Mapping[str, Any]
    definition: IndexDefinition
    settings: IndexSettings


def read_index(
    name: str, target: str, dialect: Dialect
) -> Generator[HttpRequest, HttpReply, FoundIndex]:
    """The index; raises IndexNotFoundError, EngineError where it is not one of this package."""
    dialect.check((yield from ask_server(target)))
    reply = yield HttpRequest("GET", index_path(name))
    body = only_index(check_reply(reply, f"for the index {name}", target=target), target)
    return FoundIndex(body, *read_meta(body["mappings"], target))


def check_changeable(differences: Sequence[Difference], target: str) -> None:
    """Raises MappingMismatchError that names what an index cannot be given any more."""
    fixed = [each for each in differences if not each.in_place and not each.added_setting]
    if fixed:
        more = f"; and {len(fixed) - 5} more" if len(fixed) > 5 else ""
        raise MappingMismatchError(
            f"the index at {target} cannot be changed so in place: "
            f"{'; '.join(map(str, fixed[:5]))}{more}: index the source into a new one"
        )


def change_index(
    name: str, target: str, found: FoundIndex, wanted: Mapping[str, Any]
) -> Generator[HttpRequest, HttpReply, None]:
    """Give the index the settings that may change, the memory of its schema, and the fields that
    one lacks that was made before there were digests."""
    changing = {
        key: wanted["settings"]["index"][key] for key in ("number_of_replicas", "refresh_interval")
    }
    meta = {**found.body["mappings"].get("_meta", {}), **wanted["mappings"]["_meta"]}
    fields = {"_meta": meta, "properties": {DIGESTS: digest_fields()}}
    for part, body in (("_settings", {"index": changing}), ("_mapping", fields)):
        path = f"{index_path(name)}/{part}"
        reply = yield HttpRequest("PUT", path, orjson.dumps(body), writes=True)
        check_reply(reply, f"to change the {part.strip('_')} of {name}", target=target)
