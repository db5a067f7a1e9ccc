"""The rules of an index for what is written to it."""

from __future__ import annotations

from dataclasses import dataclass

from hybridsearch.encoding.digest import UNKNOWN_ENCODER
from hybridsearch.model.schema import Schema


@dataclass(frozen=True, slots=True)
class Rules:
    """What a record is checked against. encodes: whether there is an encoder for texts without
    vectors; normalise: whether vectors that are not of unit length are made so rather than refused;
    encoder: the digest of its fingerprint, where it has one."""

    schema: Schema
    encodes: bool
    normalise: bool = False
    encoder: str = UNKNOWN_ENCODER
