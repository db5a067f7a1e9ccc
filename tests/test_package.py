"""The package: what importing it loads, what it exports, and that its parts are where it says."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import hybridsearch
from hybridsearch import registry
from hybridsearch.errors import UnknownNameError

ROOT = Path(hybridsearch.__file__).parents[1]
HEAVY = {
    "torch",
    "transformers",
    "sentence_transformers",
    "elasticsearch",
    "opensearchpy",
    "fastapi",
    "tantivy",
    "numpy",
    "pydantic",
    "lark",
    "rich",
}


def loaded_after(statement: str) -> set[str]:
    script = f"import sys, json\n{statement}\nprint(json.dumps([*sys.modules]))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert not HEAVY & loaded_after("import hybridsearch")


def test_importing_the_index_loads_neither_torch_nor_clients_nor_web_frameworks() -> None:
    loaded = loaded_after(
        "from hybridsearch import HybridIndex, AsyncHybridIndex, Schema, Document"
    )
    assert "numpy" in loaded
    assert (
        not {
            "torch",
            "transformers",
            "sentence_transformers",
            "elasticsearch",
            "opensearchpy",
            "fastapi",
            "typer",
        }
        & loaded
    )


def test_everything_exported_is_there() -> None:
    for name in hybridsearch.__all__:
        assert getattr(hybridsearch, name) is not None
    with pytest.raises(AttributeError, match="nothing_like_it"):
        _ = hybridsearch.nothing_like_it


def test_the_version_is_the_distributions() -> None:
    assert hybridsearch.__version__ == version("hybridsearch")


@pytest.mark.parametrize("family", ["fusions", "engines", "encoders", "sources"])
def test_every_built_in_plug_in_loads(family: registry.Family) -> None:
    for name in registry.BUILT_IN[family]:
        assert registry.load(family, name) is not None


def test_an_unknown_plug_in_names_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'embedded'"):
        registry.load("engines", "embeded")


def test_files_are_short_and_say_what_lives_there() -> None:
    for path in (ROOT / "hybridsearch").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"""'), path
        assert text.count("\n") <= 350, path


def test_the_constraints_are_names_and_versions_only() -> None:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        if not line.startswith("#"):
            name, equals, number = line.partition("==")
            assert equals, line
            assert name.replace("-", "").replace("_", "").replace(".", "").isalnum(), line
            assert number[0].isdigit(), line
