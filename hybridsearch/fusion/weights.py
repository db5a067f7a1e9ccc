"""Weights of retrievers: by kind, or by name."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.parameters import check_number
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.table import Column, Floats, ScoreTable

Weights = Mapping[str, float]


def by_kind(columns: tuple[Column, ...], dense: float) -> Floats:
    """float64[r], summing to 1: `dense` shared by the dense retrievers, the rest by the lexical
    ones; where only one kind is there, it gets everything."""
    kinds = [column.kind for column in columns]
    # Rounded, so that 1 - 0.8 is shown as 0.2.
    share = {"dense": dense, "lexical": round(1.0 - dense, 12)}
    if len(set(kinds)) == 1:
        share = {kinds[0]: 1.0}
    return np.array([share[kind] / kinds.count(kind) for kind in kinds])


def by_name(columns: tuple[Column, ...], weights: Weights | None) -> Floats:
    """float64[r]: the given weights as they are, 1 each where none are given.

    Raises UnknownNameError for a retriever that is not in the request, ConfigurationError for one
    that was not given a weight.
    """
    if weights is None:
        return np.ones(len(columns))
    names = [column.name for column in columns]
    for name in weights:
        if name not in names:
            raise UnknownNameError("retriever in weights", name, names)
    for name in names:
        if name not in weights:
            raise ConfigurationError(
                f"weights gives no weight to the retriever {name!r}: name every retriever, "
                "with 0 for one that is not to count"
            )
    return np.array([float(weights[name]) for name in names])


def weights_of(fusion: Fusion, columns: tuple[Column, ...]) -> tuple[float, ...]:
    """What a fusion makes of its weights for these retrievers, before any score is known."""
    table = ScoreTable(
        columns,
        np.zeros((1, len(columns))),
        np.ones((1, len(columns)), dtype=np.int64),
    )
    return tuple(fusion.fuse(table).weights.tolist())


def check_weights(weights: object) -> None:
    """Raises ConfigurationError unless these are non-negative numbers by name, not all zero."""
    if weights is None:
        return
    if (
        not isinstance(weights, Mapping)
        or not weights
        or not all(isinstance(name, str) for name in weights)
    ):
        raise ConfigurationError(
            "weights must give numbers by retriever, such as {'lexical': 0.3, 'dense': 0.7}, "
            f"not {weights!r}"
        )
    for name, weight in weights.items():
        check_number(f"the weight of {name!r}", weight, least=0.0)
    if not any(weights.values()):
        raise ConfigurationError("weights are all zero: give at least one retriever a weight")
