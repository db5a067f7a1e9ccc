"""Pages of documentation, run: their blocks, their commands, and what they say is printed."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterable
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path

from command_line import running_here

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


def follow(text: str, folder: Path, files: Iterable[str] = ()) -> list[str]:
    """Run a page's blocks from top to bottom in a folder: commands and Python print what it says.

    files: names for its blocks of JSON, in order. Returns the languages of the blocks.
    """
    names = iter(files)
    printed = ""
    done = []
    for language, block in re.findall(r"```(\w+)\n(.*?)```", text, re.DOTALL):
        done.append(language)
        if language == "json":
            (folder / next(names)).write_text(block, encoding="utf-8")
        elif language == "python":
            printed = run_python(block, folder)
        elif language == "text":
            assert masked(printed) == masked(block)
        else:
            for command, said in steps(block):
                assert masked(run(command, folder)) == masked(said), command
    return done


def run(command: list[str], folder: Path) -> str:
    """What a command prints, which has to end well; ours runs within this process."""
    program, *arguments = command
    if program == "hybridsearch":
        ran = running_here(folder)(*arguments)
        assert ran.status == 0, ran.err
        return ran.out
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


def run_python(code: str, folder: Path) -> str:
    """What a block of Python prints, run as a program is but within this process."""
    with chdir(folder), redirect_stdout(StringIO()) as printed:
        exec(code, {"__name__": "__main__"})
    return printed.getvalue()
