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
from hybridsearch.engines.cluster.mapping import DIGESTS, ID
from hybridsearch.engines.cluster.refusals import check_reply, check_shards
from hybridsearch.engines.cluster.wire import HttpReply, HttpRequest
from hybridsearch.engines.reading_calls import GetDigests, GotDigests
from hybridsearch.model.digests import Digests

_PURPOSE: Final = "for digests"
_PARTS: Final = "hits.hits.fields,_shards.failed,_shards.failures,timed_out,error,status"
_FIELDS: Final = (ID, f"{DIGESTS}.document", f"{DIGESTS}.text")
# Fewer than a search may ask for, in ids as in hits.
_AT_ONCE: Final = 5_000


def kept(document: WriteDocument) -> dict[str, Any]:
    """What is stored, nothing where nothing is known: texts as DIGEST:FIELD, which asks for no
    field of the mapping for each."""
    texts = [
        f"{passages.digest}:{name}"
        for name, passages in document.vectors.items()
        if passages.digest
    ]
    made: dict[str, Any] = {}
    if document.digest is not None:
        made = {"document": document.digest, "text": texts}
    # Beside the product's own, which counts every write and is not what was given.
    return made if document.version is None else {**made, "version": document.version}


def digests_of(given: Mapping[str, Any]) -> Digests:
    """Reverse of `kept`."""
    texts = (text.partition(":") for text in given.get("text") or ())
    return Digests(given.get("document"), {name: digest for digest, _, name in texts})


def version_of(source: Mapping[str, Any]) -> int | None:
    """The version that the document of a source was given."""
    version: int | None = (source.get(DIGESTS) or {}).get("version")
    return version


def get_digests(
    call: GetDigests, index: ClusterIndex
) -> Generator[HttpRequest, HttpReply, GotDigests]:
    """Digests of the documents that searches see; nothing stored is read."""
    found: dict[str, Digests] = {}
    for begin in range(0, len(call.ids), _AT_ONCE):
        reply = yield HttpRequest(
            "POST",
            f"{index.path}/_search",
            orjson.dumps(_body(call.ids[begin : begin + _AT_ONCE])),
            {"allow_partial_search_results": "false", "filter_path": _PARTS},
        )
        body = check_reply(reply, _PURPOSE, target=index.target)
        check_shards(body, _PURPOSE, index.target)
        for hit in body.get("hits", {}).get("hits", ()):
            id, document, texts = (hit["fields"].get(name, ()) for name in _FIELDS)
            found[id[0]] = digests_of({"document": next(iter(document), None), "text": texts})
    return GotDigests(found)


def _body(ids: Sequence[str]) -> dict[str, Any]:
    return {
        "size": len(ids),
        "track_total_hits": False,
        "query": {"bool": {"filter": [{"terms": {ID: list(ids)}}]}},
        "_source": False,
        "stored_fields": "_none_",
        "docvalue_fields": list(_FIELDS),
    }
