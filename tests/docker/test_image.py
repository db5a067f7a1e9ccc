"""The image: what its build is given, and what linters say; no engine is needed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pages import ROOT

DOCKERFILE = ROOT / "docker" / "Dockerfile"
SCRIPTS = sorted((ROOT / "docker" / "scripts").glob("*.sh"))


def copied() -> list[str]:
    """What the Dockerfile takes from the project's folder."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE.read_text("utf-8"), re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_only_what_is_copied_goes_to_the_builder() -> None:
    ignored = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^!(.+)$", ignored, re.MULTILINE)) == sorted(copied())
    assert "\n*\n" in ignored


def test_it_does_not_run_as_root() -> None:
    users = re.findall(r"^USER (.+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert users
    assert all(user.isdigit() and int(user) > 0 for user in users)


def test_its_extras_are_the_packages() -> None:
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    known = re.search(r"\[project.optional-dependencies\]\n(.*?)\n\n", project, re.DOTALL)
    given = re.search(r"^ARG EXTRAS=(.+)$", DOCKERFILE.read_text(encoding="utf-8"), re.MULTILINE)
    assert known is not None
    assert given is not None
    assert set(given[1].split(",")) <= set(re.findall(r"^(\w+) =", known[1], re.MULTILINE))


@pytest.mark.slow
def test_what_is_copied_is_enough_to_build_the_package(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    for name in copied():
        place = ROOT / name
        if place.is_dir():
            shutil.copytree(place, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(place, source / name)
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", str(tmp_path), str(source)],
        check=True,
        capture_output=True,
    )
    assert list(tmp_path.glob("hybridsearch-*.whl"))


@pytest.mark.parametrize(
    "command",
    [["hadolint", str(DOCKERFILE)], ["shellcheck", *map(str, SCRIPTS)]],
    ids=lambda c: c[0],
)
def test_linters_have_nothing_to_say(command: list[str]) -> None:
    found = shutil.which(command[0], path=f"{Path(sys.executable).parent}{os.pathsep}{os.defpath}")
    if found is None:
        pytest.skip(f"{command[0]} is not installed")
    done = subprocess.run([found, *command[1:]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
