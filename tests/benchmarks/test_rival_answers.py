"""The scripts that run other libraries need nothing of this project, and answer in JSON alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"

pytestmark = pytest.mark.skipif(not FOLDER.exists(), reason="a source archive has no benchmarks")


def asked(given: dict[str, Any], *command: str) -> tuple[Any, str]:
    """What an interpreter without any package answers, and what it writes to stderr."""
    done = subprocess.run(
        [sys.executable, "-S", "-E", *command],
        input=json.dumps(given) + "\n",
        cwd=FOLDER,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout), done.stderr


@pytest.mark.parametrize("library", ["langchain", "haystack"])
@pytest.mark.parametrize("script", ["cluster_rivals.py", "cluster_rival_loaders.py"])
def test_a_library_that_is_missing_is_the_answer(tmp_path: Path, script: str, library: str) -> None:
    rows = tmp_path / "rows.json"
    rows.write_text("[]")
    given = {"documents": str(rows), "queries": str(rows), "url": "http://localhost", "index": "x"}
    answer, noise = asked({**given, "library": library}, script)
    assert list(answer) == ["missing"]
    assert library in answer["missing"]
    assert noise == ""


def test_what_libraries_print_is_no_answer() -> None:
    script = """
from rival_answers import answering
with answering() as (asked, answer):
    print("a notice")
    answer({"was asked": asked})
"""
    answer, noise = asked({"library": "x"}, "-c", script)
    assert answer == {"was asked": {"library": "x"}}
    assert noise == "a notice\n"
