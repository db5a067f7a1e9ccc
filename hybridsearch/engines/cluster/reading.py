"""Documents read by their ids: their fields, or their vectors with the digests beside them."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

import orjson

from hybridsearch.engines.calls import Get, Got
from hybridsearch.engines.cluster.digests import digests_of
from hybridsearch.engines.cluster.documents import stored
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS, ID, VECTOR
from hybridsearch.engines.cluster.passages import passages_of
from hybridsearch.engines.cluster.refusals import check_reply, part_of, refusal
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.digest_calls import GetVectors, GotVectors, StoredVectors

_PURPOSE: Final = "for documents"
# Of a document that could not be got, where only the kind of the error is told.
_STATUS: Final = {"index_not_found": 404, "no_shard_available": 503}

_Sources = dict[str, Mapping[str, Any]]


def get(call: Get, index: ClusterIndex) -> Generator[HttpRequest, HttpReply, Got]:
    """Documents with all their fields and without their vectors."""
    params = {"_source_excludes": ",".join(index.schema.dense)} if index.schema.dense else {}
    found = yield from _sources(call.ids, params, index)
    return Got({id: stored(id, source, index.schema, None) for id, source in found.items()})


def get_vectors(
    call: GetVectors, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, GotVectors]:
    """Passages with their vectors, and the digests of the same version of the document.

    Every part of a passage is named: products that keep vectors apart from the source put them
    back for who names them, in the numbers that were sent.
    """
    parts = [f"{name}.{part}" for name in call.fields for part in ("start", "end", VECTOR)]
    params = {"_source_includes": ",".join([ID, DIGESTS, *parts])}
    found = yield from _sources(call.ids, params, index)
    documents = {}
    for id, source in found.items():
        passages = passages_of(source, index.schema)
        vectors = {name: passages[name] for name in call.fields}
        documents[id] = StoredVectors(digests_of(source.get(DIGESTS) or {}), vectors)
    return GotVectors(documents)


def _sources(
    ids: Sequence[str], params: Mapping[str, str], index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, _Sources]:
    """The sources of the documents that are there, by id."""
    if not ids:
        return {}
    body = orjson.dumps({"ids": list(ids)})
    reply = yield HttpRequest("POST", f"{index.path}/_mget", body, params)
    answered = check_reply(reply, _PURPOSE, target=index.target)
    found: _Sources = {}
    for given in part_of(answered, "docs", _PURPOSE, target=index.target):
        if "error" in given:
            status = next((code for kind, code in _STATUS.items() if kind in str(given)), 500)
            raise refusal(status, given, _PURPOSE, target=index.target)
        if given.get("found"):
            found[given["_source"].get(ID, given["_id"])] = given["_source"]
    return found
