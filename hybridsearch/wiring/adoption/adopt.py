"""Adopting an index: looked at, roles chosen and checked, and remembered in its own mapping.

Nothing of its documents, its settings and its fields changes; where documents are to get vectors,
a field for them is added.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hybridsearch.encoding.load import NO_ENCODER, load_encoder
from hybridsearch.engines.cluster.adoption import read_foreign, remember
from hybridsearch.engines.cluster.found_fields import FoundField
from hybridsearch.engines.cluster.found_ids import check_repeated, check_single
from hybridsearch.engines.cluster.mapping import remembered
from hybridsearch.engines.protocol import EngineOptions
from hybridsearch.model.definition import IndexDefinition
from hybridsearch.model.schema import Schema
from hybridsearch.wiring.adoption.checking import check_encoder_made
from hybridsearch.wiring.adoption.plan import plan_adoption
from hybridsearch.wiring.adoption.wanted import Wanted
from hybridsearch.wiring.clusters import cluster_at


@dataclass(frozen=True)
class Adopted:
    """fields: all that there are, with what each can serve as, or why it cannot; schema: what they
    serve as now; added: the vector field that the index is given, if any; documents: how many;
    routed: whether some have a routing of their own, so that nothing is written by their ids."""

    target: str
    fields: tuple[FoundField, ...]
    schema: Schema
    encoder: str | None
    added: str | None
    documents: int
    routed: bool

    def serves(self, field: FoundField) -> bool:
        """Whether a field serves now."""
        schema = self.schema
        return field.name in {*schema.text, *schema.metadata, *schema.dense} and (
            field.name != self.added
        )

    def as_dict(self) -> dict[str, Any]:
        """It as plain values."""
        return {
            "target": self.target,
            "documents": self.documents,
            "routed": self.routed,
            "fields": [
                {
                    "name": field.name,
                    "type": field.type,
                    "can_serve_as": field.serves,
                    "serves": self.serves(field),
                    "remark": field.remark,
                }
                for field in self.fields
            ],
            "schema": self.schema.model_dump(exclude_none=True),
            "encoder": self.encoder,
            "added": self.added,
        }


def adopt(
    target: str,
    wanted: Wanted | None = None,
    *,
    connection: Mapping[str, Any] | None = None,
    dry_run: bool = False,
) -> Adopted:
    """Let the index at `target`, which others made, be opened and searched as it is.

    dry_run: only look at it, and change nothing. Raises ConfigurationError for a field that cannot
    serve as what it was said to, EncoderMismatchError for an encoder that did not make its vectors,
    EngineError.
    """
    wanted = wanted or Wanted()
    options = EngineOptions(target, connection=connection)
    with cluster_at(options, f"there is nothing to adopt at {target}") as cluster:
        foreign = cluster.ask(read_foreign(cluster.name, target, cluster.dialect))
        given = foreign.encoder if wanted.encoder is None else wanted.encoder
        encoder = None if given is None or given == NO_ENCODER else load_encoder(given)
        plan = plan_adoption(foreign, wanted, encoder, cluster.dialect)
        definition = IndexDefinition(plan.schema)
        if encoder is not None and plan.schema.dense:
            setting = given if isinstance(given, str) else encoder.name
            definition = IndexDefinition(plan.schema, setting, encoder.fingerprint.as_dict())
            for name in () if plan.added else plan.schema.dense:
                check_encoder_made(encoder, name, plan.schema, plan.shape, foreign.samples)
        if wanted.id is not None:
            cluster.ask(check_repeated(cluster.name, target, wanted.id))
        if foreign.routed:
            cluster.ask(check_single(cluster.name, target))
        if not dry_run:
            note = remembered(definition, plan.settings, plan.shape)
            cluster.ask(remember(cluster.name, target, note, plan.properties))
    return Adopted(
        target=target,
        fields=plan.fields,
        schema=plan.schema,
        encoder=definition.encoder,
        added=plan.added,
        documents=foreign.documents,
        routed=foreign.routed,
    )
