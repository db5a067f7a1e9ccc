"""What tantivy and the disk refuse, as errors that say what to do.

tantivy's errors are ValueErrors whose texts are partly Rust: the file and the reason are looked for
in them. The reason stands at the end of a message, and the whole is its cause.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from hybridsearch.errors import IndexNotFoundError, StorageError, WriterBusyError

_RESTORE: Final = (
    "restore the folder from a copy that was made while nobody wrote, or index the source again"
)
_FILE: Final = re.compile(r'(?:FileDoesNotExist\(|filepath: |in file `)"([^"]+)"')
# From the most telling on: the system's words, what is said of a file, what is quoted, the rest.
_REASONS: Final = [
    re.compile(pattern)
    for pattern in (
        r'(?:message|error): "([^".]{1,120})',
        r"`\): ([^.:]{1,120})",
        r": '(\w+ [^'({.]{1,120})",
        r"([^'({]{1,120})",
    )
]


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """What is done in it reads tantivy's files in a folder; raises StorageError where they cannot
    be read."""
    try:
        yield
    except (OSError, ValueError) as error:
        what, to_do = _trouble(str(error))
        raise StorageError(
            f"the text index in {folder} cannot be read{what}: {to_do} ({reason(error)})"
        ) from error


def unwritable(folder: Path, error: Exception) -> WriterBusyError | StorageError:
    """Why an index does not get a writer."""
    if "LockBusy" in str(error):
        return WriterBusyError(
            f"another writer has the index in {folder} open: close it, or wait until its process "
            "ends; reading is possible meanwhile"
        )
    if "Lock" in str(error):
        return StorageError(
            f"the index in {folder} cannot be written to, since its lock "
            "text/.tantivy-writer.lock cannot be taken: let this process write to the folder and "
            f"to the lock, and delete the lock where it is no file ({reason(error)})"
        )
    return refused_write(folder, error)


def refused_write(folder: Path, error: Exception) -> StorageError:
    """A write that did not reach the disk."""
    return StorageError(
        f"the disk refused a write to {folder}: the index stays as it was at its last commit; "
        f"make room or allow writing there, then add the rest again ({reason(error)})"
    )


def unreadable(path: Path, error: OSError) -> StorageError:
    """A file of an index that is not there, is something else, or may not be read."""
    if isinstance(error, PermissionError):
        to_do = "let this process read all of the folder"
    else:
        to_do = f"the index is damaged; {_RESTORE}"
    return StorageError(f"{path} cannot be read: {to_do} ({reason(error)})")


def torn(folder: Path) -> StorageError:
    """What an index is told that lacks a part of what was committed."""
    return StorageError(
        f"the index in {folder} is damaged, since its files are shorter than what was committed: "
        f"{_RESTORE}"
    )


def not_opened(folder: Path) -> IndexNotFoundError:
    """What is told of an index that is not there any more, or whose place another has taken."""
    return IndexNotFoundError(
        f"the index at embedded:{folder} is not the one that was opened: it was deleted while it "
        "was open, or moved, and there may be another in its place; nothing is written there: open "
        "it again"
    )


def reason(error: Exception) -> str:
    """The part of an error that a reader can use."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = str(error)
    found = filter(None, (pattern.search(text) for pattern in _REASONS))
    return next((match[1].strip(" :") for match in found), type(error).__name__)


def _trouble(text: str) -> tuple[str, str]:
    """What is wrong with tantivy's files, and what to do about it."""
    found = _FILE.search(text)
    name = Path(found[1]).name if found is not None else ""
    if "Lock" in text:
        return (
            ", since its lock cannot be taken",
            "a folder that is only read still needs a writable .tantivy-meta.lock, which is a file",
        )
    if "PermissionDenied" in text:
        return f", since {name or 'it'} may not be read", "let this process read all of the folder"
    if "DoesNotExist" in text:
        return f", since {name or 'it'} is missing", _RESTORE
    return f", since {name} is damaged" if name else "", _RESTORE
