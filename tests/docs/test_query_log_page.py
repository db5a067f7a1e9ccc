"""docs/query-log.md from top to bottom."""

from __future__ import annotations

from pathlib import Path

from pages import ROOT, blocks, run, run_python, steps

from hybridsearch.engines.cluster.log_index import PROPERTIES

PAGE = "docs/query-log.md"


def test_the_page_does_what_it_says(tmp_path: Path) -> None:
    for code, said in zip(blocks(PAGE, "python"), blocks(PAGE, "text"), strict=True):
        assert run_python(code, tmp_path) == said
    (session,) = blocks(PAGE, "console")
    for command, printed in steps(session):
        assert run(command, tmp_path) == printed


def test_every_attribute_of_a_record_is_told() -> None:
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    own = PROPERTIES["query_attributes"]["properties"]
    for name in (*PROPERTIES, *(f".{name}" for name in own)):
        assert f"{name}`" in text, name
