"""Fingerprints are equal exactly where vectors may be mixed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hybridsearch.encoding.fingerprint import Fingerprint
from hybridsearch.encoding.load import load_encoder
from hybridsearch.errors import EncoderError

PRINT = Fingerprint(
    model="a-model",
    weights="sha256:" + "0" * 64,
    pooling="mean",
    normalised=True,
    query_prompt="",
    document_prompt="",
    dims=8,
)


def test_survives_json() -> None:
    again = Fingerprint.from_dict(json.loads(json.dumps(PRINT.as_dict())))
    assert again == PRINT
    assert again.model == "a-model"
    assert again.digest == PRINT.digest
    assert len(PRINT.digest) == 16


def test_unreadable_one_says_what_lacks() -> None:
    values = PRINT.as_dict()
    del values["pooling"]
    with pytest.raises(EncoderError, match=r"missing entries: pooling; unknown entries: extra"):
        Fingerprint.from_dict({**values, "extra": 1})


def test_each_part_makes_a_difference() -> None:
    for change in (
        {"weights": "sha256:1"},
        {"pooling": "cls"},
        {"normalised": False},
        {"query_prompt": "query: "},
        {"document_prompt": "passage: "},
        {"dims": 9},
    ):
        other = replace(PRINT, **change)
        assert other != PRINT
        assert other.digest != PRINT.digest
        assert len(PRINT.difference(other)) == 1
    assert PRINT.difference(replace(PRINT, query_prompt="query: ")) == [
        "query prompt: '' and 'query: '"
    ]


def test_name_counts_only_where_the_weights_are_unknown() -> None:
    assert replace(PRINT, model="another") == PRINT
    assert PRINT.difference(replace(PRINT, model="another")) == []
    one, other = (replace(PRINT, model=model, weights="") for model in ("remote-1", "remote-2"))
    assert one != other
    assert one.difference(other)[0] == "model: 'remote-1' and 'remote-2'"


def test_moving_the_folder_changes_nothing(tiny_model: Path, tmp_path: Path) -> None:
    moved = shutil.copytree(tiny_model, tmp_path / "elsewhere" / "renamed")
    one, other = (load_encoder(str(folder)).fingerprint for folder in (tiny_model, moved))
    assert one == other
    assert one.digest == other.digest
    assert one.model == "tiny-mpnet"
    assert str(tmp_path) not in str(other.as_dict())


def test_other_weights_or_prompts_differ(
    tiny_model: Path, build_model: Callable[..., Path]
) -> None:
    one = load_encoder(str(tiny_model)).fingerprint
    other = load_encoder(str(build_model(seed=21))).fingerprint
    assert [line.partition(":")[0] for line in one.difference(other)] == ["weights"]
    prompted = load_encoder(str(tiny_model), document_prompt="passage: ").fingerprint
    assert [line.partition(":")[0] for line in one.difference(prompted)] == ["document prompt"]
