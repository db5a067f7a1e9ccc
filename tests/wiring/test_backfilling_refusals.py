"""What cannot be backfilled is told, and what can be is, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from backfilled import LONG, TEXT, documents
from foreign_indices import Foreign, notes, of_notes
from tiny_models import build_tiny_mpnet

from hybridsearch.errors import ConfigurationError, EncoderMismatchError
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.adoption.wanted import Wanted
from hybridsearch.wiring.backfilling import backfill


def test_what_the_server_refuses_is_told_and_the_rest_is_filled(
    foreign: Foreign, encoder: str
) -> None:
    foreign.make(TEXT, **{"index.mapping.nested_objects.limit": 2})
    foreign.fill([*documents(10), {"_id": "longest", "text": LONG * 10}])
    adopt(foreign.target, Wanted(encoder=encoder))
    report = backfill(foreign.target)
    assert "longest" in report.failures
    assert "nested" in report.failures["longest"]
    assert report.filled + report.failed == 11
    again = backfill(foreign.target)
    assert (again.filled, again.failed) == (0, report.failed)


def test_an_encoder_that_made_other_vectors_is_refused(
    foreign: Foreign, encoder: str, tmp_path: Path
) -> None:
    foreign.make(TEXT)
    foreign.fill(documents(12))
    adopt(foreign.target, Wanted(encoder=encoder))
    backfill(foreign.target)
    other = build_tiny_mpnet(tmp_path / "other", seed=77)
    with pytest.raises(EncoderMismatchError, match="was made with the encoder"):
        backfill(foreign.target, encoder=f"transformers:{other}")


def test_an_index_without_an_encoder_needs_the_one_of_its_vectors(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    foreign.fill(notes(5))
    adopt(foreign.target)
    with pytest.raises(ConfigurationError, match="say which one made them"):
        backfill(foreign.target)


def test_a_folder_has_nothing_to_fill(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="get their vectors when they are added"):
        backfill(f"embedded:{tmp_path}")


def test_a_rate_that_is_none_is_refused(foreign: Foreign, encoder: str) -> None:
    with pytest.raises(ConfigurationError, match="above 0"):
        backfill(foreign.target, encoder=encoder, rate=0)
