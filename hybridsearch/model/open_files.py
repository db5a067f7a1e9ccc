"""Files that others write to, or replace, while they are open."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO


def is_cut(path: Path) -> bool:
    """Whether the last line of a file lacks its end, since a process was killed or had no room.
    Raises OSError where the file cannot be read; what is no file, or not there, is not cut."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"


def is_at(path: Path, file: BinaryIO) -> bool:
    """Whether what is at a place is still this open file."""
    try:
        return os.path.samestat(path.stat(), os.fstat(file.fileno()))
    except (FileNotFoundError, NotADirectoryError):
        return False
