"""Digests as a cluster keeps them: two keyword fields that nothing searches, read as doc values.

An index that was made before there were digests has no such fields and is written without them;
`hybridsearch mapping apply` adds the fields, and documents get digests as they are written again.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import Any, Final

import orjson

from hybridsearch.engines.calls import WriteDocument
from hybridsearch.engines.cluster.index import ClusterIndex
from hybridsearch.engines.cluster.mapping import DIGESTS
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.reading_calls import GetDigests, GotDigests
from hybridsearch.model.digests import Digests

_PURPOSE: Final = "for digests"
_PARTS: Final = "hits.hits.fields,_shards.failed,_shards.failures,timed_out,error,status"
_FIELDS: Final = tuple(f"{DIGESTS}.{part}" for part in ("document", "text", "version"))
# Fewer than a search may ask for, in ids as in hits.
_AT_ONCE: Final = 5_000


def kept(document: WriteDocument) -> dict[str, Any]:
    """What is stored of a document's digests, nothing where nothing is known."""
    texts = {
        name: passages.digest for name, passages in document.vectors.items() if passages.digest
    }
    return digest_values(Digests(document.digest, texts, document.version))


def digest_values(digests: Digests) -> dict[str, Any]:
    """Texts as DIGEST:FIELD, which asks for no field of the mapping for each; the version beside
    the product's own, which counts every write and is not what was given."""
    made: dict[str, Any] = {}
    if digests.document is not None or digests.text:
        texts = [f"{digest}:{name}" for name, digest in digests.text.items()]
        made = {"document": digests.document, "text": texts}
    return made if digests.version is None else {**made, "version": digests.version}


def digests_of(source: Mapping[str, Any]) -> Digests:
    """Those of a document's source; reverse of `digest_values`."""
    given = source.get(DIGESTS) or {}
    texts = (text.partition(":") for text in given.get("text") or ())
    found = {name: digest for digest, _, name in texts}
    return Digests(given.get("document"), found, given.get("version"))


def get_digests(
    call: GetDigests, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, GotDigests]:
    """Digests of the documents that searches see; nothing stored is read."""
    found: dict[str, Digests] = {}
    for begin in range(0, len(call.ids), _AT_ONCE):
        reply = yield HttpRequest(
            "POST",
            f"{index.path}/_search",
            orjson.dumps(_body(call.ids[begin : begin + _AT_ONCE], index)),
            {
                "allow_partial_search_results": "false",
                "filter_path": _PARTS if index.shape.id else f"{_PARTS},hits.hits._id",
            },
        )
        body = check_reply(reply, _PURPOSE, target=index.target)
        check_shards(body, _PURPOSE, index.target)
        for hit in body.get("hits", {}).get("hits", ()):
            fields = hit.get("fields", {})
            id = fields[index.shape.id][0] if index.shape.id else hit["_id"]
            document, texts, version = (fields.get(name, ()) for name in _FIELDS)
            given = {"document": next(iter(document), None), "version": next(iter(version), None)}
            found[id] = digests_of({DIGESTS: {**given, "text": texts}})
    return GotDigests(found)


def _body(ids: Sequence[str], index: ClusterIndex) -> dict[str, Any]:
    body: dict[str, Any] = {
        "size": len(ids),
        "track_total_hits": False,
        "query": {"bool": {"filter": [index.shape.among(ids)]}},
        "_source": False,
    }
    if index.shape.id is None:
        return {**body, "docvalue_fields": list(_FIELDS)}
    return {**body, "stored_fields": "_none_", "docvalue_fields": [index.shape.id, *_FIELDS]}
