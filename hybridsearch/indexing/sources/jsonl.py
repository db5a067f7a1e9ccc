"""JSON lines: one document a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.bytes import FileReading, open_bytes


def read_jsonl(path: Path | None, reading: FileReading) -> Iterator[Located | Unreadable]:
    """The documents of a file or of standard input; empty lines are passed over."""
    name = path.name if path is not None else "stdin"
    with open_bytes(path, reading) as file:
        for number, line in enumerate(file, start=1):
            stripped = line.lstrip(b"\xef\xbb\xbf").strip() if number == 1 else line.strip()
            if stripped:
                yield _record(f"{name}:{number}", stripped)


def _record(place: str, line: bytes) -> Located | Unreadable:
    try:
        document: Any = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        try:
            line.decode()
        except UnicodeDecodeError as unicode_error:
            reason = (
                f"the line is not UTF-8 (byte {unicode_error.start + 1}): convert the file, for "
                "example with iconv"
            )
        else:
            reason = (
                f"the line is not JSON: {error.msg} at character {error.pos + 1}: write each "
                "document on one line"
            )
        return Unreadable(place, reason, line.decode("utf-8", "replace"))
    if not isinstance(document, dict):
        reason = f"a document must be a JSON object, not {_kind(document)}"
        if isinstance(document, list):
            reason += ": write each document on a line of its own, without [ ] around them"
        return Unreadable(place, reason, line.decode("utf-8", "replace"))
    return Located(place, document)


def _kind(value: Any) -> str:
    kinds = {str: "a string", list: "a list", int: "a number", float: "a number", bool: "a boolean"}
    return kinds.get(type(value), "null")
