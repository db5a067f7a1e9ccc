"""Fusions as text: what is read, what is written, and what is refused with which words."""

from __future__ import annotations

import contextlib
from typing import Any

import numpy as np
import pytest
from hidden_scores import NORMALISATIONS
from hypothesis import given
from hypothesis import strategies as st

from hybridsearch.errors import ConfigurationError, UnknownNameError
from hybridsearch.fusion.comb import CombSum
from hybridsearch.fusion.convex import Convex
from hybridsearch.fusion.missing import POLICIES
from hybridsearch.fusion.protocol import Fusion
from hybridsearch.fusion.rrf import ReciprocalRank
from hybridsearch.fusion.settings import format_fusion, parse_fusion
from hybridsearch.registry import BUILT_IN, load

BY_SCORE = ("convex", "combsum", "combmnz", "mean", "geometric", "harmonic")
WITHOUT_WEIGHTS = ("max", "min", "median")
BY_RANK = ("isr", "borda")


@pytest.mark.parametrize("name", BUILT_IN["fusions"])
def test_every_registered_name_is_a_fusion(name: str) -> None:
    fusion = parse_fusion(name)
    assert fusion == load("fusions", name)()
    assert fusion.missing in POLICIES
    assert format_fusion(fusion) == name
    assert isinstance(hash(fusion), int)


weights = st.dictionaries(
    st.text(max_size=8), st.floats(0, 1e6) | st.integers(0, 9), min_size=1, max_size=3
).filter(lambda given: any(given.values()))
normalise = st.sampled_from(NORMALISATIONS)
missing = st.sampled_from(POLICIES)
parameters: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.one_of(
    st.tuples(
        st.sampled_from(BY_SCORE),
        st.fixed_dictionaries(
            {}, optional={"weights": weights, "normalise": normalise, "missing": missing}
        ),
    ),
    st.tuples(
        st.just("convex"), st.fixed_dictionaries({"dense": st.floats(0, 1), "missing": missing})
    ),
    st.tuples(
        st.sampled_from(WITHOUT_WEIGHTS),
        st.fixed_dictionaries({}, optional={"normalise": normalise, "missing": missing}),
    ),
    st.tuples(
        st.just("rrf"),
        st.fixed_dictionaries(
            {}, optional={"k": st.floats(1e-6, 1e6) | st.integers(1, 99), "weights": weights}
        ),
    ),
    st.tuples(st.sampled_from(BY_RANK), st.fixed_dictionaries({}, optional={"weights": weights})),
    st.tuples(
        st.just("dbsf"),
        st.fixed_dictionaries({}, optional={"weights": weights, "missing": missing}),
    ),
)


@given(parameters)
def test_written_fusions_are_read_back_equal(given: tuple[str, dict[str, Any]]) -> None:
    name, options = given
    fusion = load("fusions", name)(**options)
    assert parse_fusion(format_fusion(fusion)) == fusion


@pytest.mark.parametrize(
    ("text", "fusion"),
    [
        ("rrf(k=10)", ReciprocalRank(k=10)),
        (" rrf ( k = 10 , ) ", ReciprocalRank(k=10)),
        ("rrf()", ReciprocalRank()),
        ("convex(dense=0.7, normalise='z-score')", Convex(dense=0.7, normalise="z-score")),
        (
            "combsum(weights={'lexical': 1, 'dense': 2}, missing='worst')",
            CombSum({"lexical": 1, "dense": 2}, missing="worst"),
        ),
    ],
)
def test_settings_read_like_calls(text: str, fusion: Fusion) -> None:
    assert parse_fusion(text) == fusion


def test_a_fusion_object_is_taken_as_it_is() -> None:
    fusion = Convex(dense=0.5)
    assert parse_fusion(fusion) is fusion


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("convx", "unknown fusion 'convx'; did you mean 'convex'"),
        ("", "unknown fusion ''"),
        ("rrf(kk=1)", "unknown parameter of rrf 'kk'; did you mean 'k'"),
        ("rrf(k=0)", "k must be a number above 0, not 0"),
        ("rrf(k=-1)", "k must be a number above 0, not -1"),
        ("rrf(k=True)", "k must be a number above 0, not True"),
        ("rrf(k='60')", "k must be a number above 0, not '60'"),
        ("rrf(k=1e999)", "k must be a number above 0, not inf"),
        ("rrf(k=" + "9" * 400 + ")", "k must be a number above 0"),
        ("rrf(60)", "name each parameter"),
        ("rrf(**{'k': 1})", "name each parameter"),
        ("rrf(k=1", "cannot be read"),
        ("rrf(k=1) + 1", "cannot be read"),
        ("rrf(k=1)(k=2)", "cannot be read"),
        ("rrf(k=1, k=2)", "k is given twice"),
        ("rrf(k=__import__('os'))", "the value of k must be a number"),
        ("rrf(k=" + "(" * 500 + "1" + ")" * 500 + ")", "cannot be read"),
        ("rrf(k=1\x00)", "cannot be read"),
        ("convex(dense=1.5)", "dense must be a number at least 0 and at most 1, not 1.5"),
        ("convex(dense=None)", "dense must be a number"),
        ("convex(normalise='minmax')", "did you mean 'min-max'"),
        ("convex(normalise=1)", "normalise must be a name"),
        ("convex(missing='zero')", "unknown policy for missing scores 'zero'"),
        ("convex(missing=0)", "missing must be one of complete, minimum, worst, ignore"),
        ("convex(dense=.5, weights={'dense': 1})", "both dense and weights"),
        ("rrf(dense=.5, weights={'dense': 1})", "both dense and weights"),
        ("rrf(weights={})", "weights must give numbers by retriever"),
        ("rrf(weights={1: 2})", "weights must give numbers by retriever"),
        ("rrf(weights=[1, 2])", "weights must give numbers by retriever"),
        ("rrf(weights={'a': -1})", "the weight of 'a' must be a number at least 0, not -1"),
        ("rrf(weights={'a': 0, 'b': 0.0})", "weights are all zero"),
        ("rrf(weights={[1]: 2})", "the value of weights must be"),
        ("max(weights={'a': 1})", "unknown parameter of max 'weights'"),
    ],
)
def test_wrong_settings_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as raised:
        parse_fusion(text)
    assert message in str(raised.value)


@pytest.mark.parametrize("wrong", [None, 3, Convex, object(), ["rrf"]])
def test_what_is_no_fusion_is_refused(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="is not a fusion"):
        parse_fusion(wrong)


@given(st.text() | st.text().map(lambda text: f"rrf({text})"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(ConfigurationError):
        parse_fusion(text)


def test_numbers_of_numpy_are_numbers() -> None:
    tens: Any = np.int64(10)
    half: Any = np.float32(0.5)
    assert ReciprocalRank(k=tens) == ReciprocalRank(k=10)
    assert parse_fusion(format_fusion(Convex(dense=half))) == Convex(dense=0.5)
    given = {"lexical": np.float64(1), "dense": np.float64(3)}
    assert parse_fusion(format_fusion(CombSum(given))) == CombSum(given)


def test_unknown_names_carry_what_is_known() -> None:
    with pytest.raises(UnknownNameError) as raised:
        parse_fusion("nothing")
    assert raised.value.name == "nothing"
    assert set(BUILT_IN["fusions"]) <= set(raised.value.known)
