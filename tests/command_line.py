"""Running the command line as people do, with files to index and a small schema."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from io import BytesIO, TextIOWrapper
from pathlib import Path
from typing import Any

import pytest

from hybridsearch.cli.app import main

SCRIPT = Path(sys.executable).with_name("hybridsearch")
DIMS = 4


@dataclass(frozen=True)
class Ran:
    """How a command ended and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def last_json(self) -> Any:
        """The last line of stdout, as JSON."""
        return json.loads(self.out.splitlines()[-1])

    def failed_with(self, *parts: str, status: int = 1) -> None:
        """It ended with this status and one line on stderr that holds the parts."""
        assert self.status == status, self
        lines = self.err.splitlines()
        assert len(lines) == 1, self
        assert lines[0].startswith("error: "), self
        for part in parts:
            assert part in lines[0], (part, self)


Run = Callable[..., Ran]


def running_in(folder: Path, *command: str) -> Run:
    """A function that runs the `hybridsearch` script, or another command, in this folder."""

    def run_command(*arguments: object, stdin: bytes | None = None, **options: Any) -> Ran:
        done = subprocess.run(
            [*(command or [str(SCRIPT)]), *map(str, arguments)],
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            cwd=folder,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "default"},
            timeout=120,
            check=False,
            **options,
        )
        return Ran(done.returncode, done.stdout.decode(), done.stderr.decode())

    return run_command


def running_here(folder: Path) -> Run:
    """Like `running_in`, within this process: without the seconds that it takes to start one."""

    def run_command(*arguments: object, stdin: bytes = b"") -> Ran:
        out, err = (TextIOWrapper(BytesIO(), encoding="utf-8") for _ in range(2))
        status = 0
        with (
            pytest.MonkeyPatch.context() as patch,
            chdir(folder),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            patch.setenv("OMP_WAIT_POLICY", "PASSIVE")
            patch.setattr(sys, "argv", ["hybridsearch", *map(str, arguments)])
            patch.setattr(sys, "stdin", TextIOWrapper(BytesIO(stdin)))
            try:
                main()
            except SystemExit as end:
                status = int(end.code or 0)
        return Ran(status, _written(out), _written(err))

    return run_command


def _written(stream: TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()


def vector(position: int) -> list[float]:
    """A unit vector along one of the four axes."""
    return [1.0 if axis == position % DIMS else 0.0 for axis in range(DIMS)]


def book(position: int, **fields: Any) -> dict[str, Any]:
    """A document with everything that the schema of these tests knows."""
    return {
        "id": f"b{position}",
        "title": f"Volume {position}",
        "text": f"chapter number{position} about whales and the sea",
        "year": 1900 + position,
        "dense": vector(position),
        **fields,
    }


def write_lines(path: Path, documents: Iterable[Any]) -> Path:
    """A file of JSON lines; bytes are written as they are."""
    lines = [
        given if isinstance(given, bytes) else json.dumps(given).encode() for given in documents
    ]
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def write_schema(folder: Path, **changes: Any) -> Path:
    """A schema whose vectors, of four numbers, come with the documents."""
    path = folder / "schema.json"
    schema = {
        "text": {"title": {"weight": 2.0}, "text": "english"},
        "metadata": {"year": "integer", "price": "float", "lang": "keyword"},
        "dense": {"dense": {"embeds": ["title", "text"], "dims": DIMS}},
        **changes,
    }
    path.write_text(json.dumps(schema))
    return path
