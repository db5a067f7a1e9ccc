"""Files of lines whose last one may lack its end."""

from __future__ import annotations

import os
from pathlib import Path


def is_cut(path: Path) -> bool:
    """Whether the last line of a file lacks its end, since a process was killed or had no room.
    Raises OSError where the file cannot be read; what is no file, or not there, is not cut."""
    if not path.is_file() or not path.stat().st_size:
        return False
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() != b"\n"
