"""The tables of docs/operating.md: no error and no setting is missing, or said otherwise."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
from pages import ROOT

from hybridsearch import errors
from hybridsearch.cli.app import app
from hybridsearch.engines.cluster.connection import Connection
from hybridsearch.engines.cluster.index_settings import IndexSettings
from hybridsearch.errors import HybridSearchError

PAGE = ROOT / "docs" / "operating.md"
TEXT = PAGE.read_text(encoding="utf-8")


def rows(heading: str) -> list[list[str]]:
    """The cells of the table whose first column has this heading."""
    table = re.search(rf"^\| {re.escape(heading)} \|.*\n\|.*\n((?:\|.*\n)+)", TEXT, re.MULTILINE)
    assert table is not None
    lines = table[1].splitlines()
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def below(kind: type[HybridSearchError]) -> set[str]:
    return {kind.__name__}.union(*(below(each) for each in kind.__subclasses__()))


def test_every_error_has_one_row() -> None:
    raised = {name for name in below(HybridSearchError) if hasattr(errors, name)}
    told = [name for row in rows("error") for name in names(row[0])]
    assert sorted(told) == sorted(raised)


def test_errors_say_what_the_page_says_they_say() -> None:
    sources = "".join(
        path.read_text(encoding="utf-8") for path in sorted((ROOT / "hybridsearch").rglob("*.py"))
    )
    said = re.sub(r'"\s*\n\s*f?"', "", sources)
    phrases = [phrase for row in rows("error") for phrase in re.findall(r'"([^"]+)"', row[1])]
    assert len(phrases) > 40
    for phrase in phrases:
        assert phrase in said, phrase


def defaults(kind: Any) -> dict[str, str]:
    """Names of settings and their defaults, as they are written; empty where there is none."""
    given = {name: field.default for name, field in kind.model_fields.items()}
    shown = {name: "" if value is None else str(value) for name, value in given.items()}
    return {name: {"True": "true", "False": "false"}.get(v, v) for name, v in shown.items()}


def test_every_setting_has_a_row_with_its_default() -> None:
    index = {name: row[1] for row in rows("setting") for name in names(row[0])}
    assert index == defaults(IndexSettings)


def test_every_setting_of_a_connection_has_a_row_with_its_default() -> None:
    *_, table = re.split(r"^\| setting \| variable .*\n.*\n", TEXT, flags=re.MULTILINE)
    told = {}
    for line in table.partition("\n\n")[0].splitlines():
        cells = line.split("|")[1:-1]
        for name in names(cells[0]):
            told[name] = cells[2].strip()
        assert names(cells[1])[0] == f"HYBRIDSEARCH_{names(cells[0])[0].upper()}"
    known = defaults(Connection)
    assert {**told, "ca_certs": ""} == known
    assert told["ca_certs"] == "the system's"


def places(page: Path) -> set[str]:
    """Its headings, as links name them."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", each).lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("page", [PAGE, ROOT / "docker" / "README.md"], ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8")):
        file, _, place = target.partition("#")
        found = (page.parent / file).resolve() if file else page
        assert found.exists(), target
        assert not place or place in places(found), target


def test_commands_within_the_text_exist() -> None:
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    said = [code.split() for code in re.findall(r"`(hybridsearch [^`]+)`", TEXT)]
    assert len(said) > 8
    for _, *words in said:
        if words[0].startswith("--"):
            continue
        found = commands[words[0]]
        for word in words[1:]:
            found = getattr(found, "commands", {}).get(word, found)
            if word.startswith("--"):
                assert any(word in option.opts for option in found.params), words
