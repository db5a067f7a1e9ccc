"""The actions of bulk requests that store and remove documents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from hybridsearch.engines.calls import DeleteDocument, WriteDocument
from hybridsearch.engines.cluster.documents import body_of
from hybridsearch.engines.cluster.index import ClusterIndex

# What is asked for, by its name, and the document where there is one.
Action: TypeAlias = Sequence[Mapping[str, Any]]


def action_of(document: WriteDocument | DeleteDocument, index: ClusterIndex) -> Action:
    """What is asked for, and the document where there is one."""
    about: dict[str, Any] = {"_id": document.id}
    if document.version is not None:
        # The same version is taken again, so that what is sent again does no harm.
        about |= {"version": document.version, "version_type": "external_gte"}
    if isinstance(document, DeleteDocument):
        return [{"delete": about}]
    if document.state is not None and document.version is None:
        about["if_seq_no"], about["if_primary_term"] = document.state
    body = body_of(document, index.schema, index.shape, digests=index.digests)
    return [{"index": about}, body]
