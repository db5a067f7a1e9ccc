"""Pages of documentation, run: their blocks, their commands, and what they say is printed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
NUMBER = re.compile(r"\d+(\.\d+)?")


def blocks(page: str, language: str) -> list[str]:
    """The page's blocks in this language, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


def steps(session: str) -> list[tuple[list[str], str]]:
    """The commands of a console block, each with what the page says it prints."""
    parts = [part.partition("\n") for part in re.split(r"^\$ ", session, flags=re.MULTILINE)[1:]]
    return [(shlex.split(command), said) for command, _, said in parts]


def masked(text: str) -> list[str]:
    """Lines with their numbers rounded: another processor adds up a little otherwise."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return [NUMBER.sub(lambda m: f"{float(m[0]):.2f}", line) for line in lines if line]


def run(command: list[str], folder: Path) -> str:
    """What a command prints, which has to end well."""
    environment = {
        **os.environ,
        "HF_HUB_OFFLINE": "1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
