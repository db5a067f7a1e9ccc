"""docs/query-log.md from top to bottom."""

from __future__ import annotations

import sys
from pathlib import Path

from pages import blocks, run

PAGE = "docs/query-log.md"


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    (code,) = blocks(PAGE, "python")
    (said,) = blocks(PAGE, "text")
    assert run([sys.executable, "-c", code], tmp_path) == said
