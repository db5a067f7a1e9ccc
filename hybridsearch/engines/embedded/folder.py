"""The folder of an index: made whole or not at all, and its definition read from it."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import uuid
from pathlib import Path
from typing import Any

from hybridsearch.engines.embedded.files import DocumentFiles
from hybridsearch.engines.embedded.refusals import reason, unreadable
from hybridsearch.engines.embedded.rows import RowFiles
from hybridsearch.engines.embedded.text_index import TextIndex
from hybridsearch.errors import IndexExistsError, IndexNotFoundError, StorageError
from hybridsearch.model.definition import IndexDefinition

TEXT = "text"
_DEFINITION = "definition.json"
_IDENTITY = "identity"


def create_folder(folder: Path, definition: IndexDefinition) -> None:
    """Make the folder of an empty index; raises IndexExistsError, StorageError."""
    definition.schema.check_makeable()
    if (folder / _DEFINITION).exists():
        raise IndexExistsError(
            f"there is an index at embedded:{folder} already: open it, or delete the folder"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise IndexExistsError(
            f"{folder} exists and is not an index: give a new or an empty folder"
        )
    place = folder.absolute()
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        # An empty folder may be where a file system is mounted or where somebody works, which
        # cannot be replaced or should not be: it is filled.
        within = place if place.exists() else place.parent
        draft = Path(tempfile.mkdtemp(prefix=f".{place.name}-", dir=within))
    except OSError as error:
        raise StorageError(
            f"the folder {folder} cannot be made ({error.strerror}): "
            "give a place that can be written to"
        ) from error
    try:
        _fill(draft, definition)
        if within == place:
            _unpack(draft)
        else:
            draft.chmod(0o755)
            draft.rename(place)
    except (OSError, ValueError) as error:
        shutil.rmtree(draft, ignore_errors=True)
        raise StorageError(
            f"the index at {folder} cannot be made: give a place that can be written to, with "
            f"some room, and where nobody else makes one ({reason(error)})"
        ) from error


def read_definition(folder: Path) -> IndexDefinition:
    """What the index is made of; raises IndexNotFoundError, StorageError."""
    found = _read(folder)
    try:
        return IndexDefinition.from_dict(found)
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(folder, error) from error


def read_identity(folder: Path) -> str | None:
    """What tells the index from another in the same place; raises as `read_definition` does."""
    identity = _read(folder).get(_IDENTITY)
    return None if identity is None else str(identity)


def _read(folder: Path) -> dict[str, Any]:
    try:
        text = (folder / _DEFINITION).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise IndexNotFoundError(
            f"there is no index at embedded:{folder}: make one with "
            f"`hybridsearch index embedded:{folder} SOURCE` or HybridIndex.create"
        ) from error
    except OSError as error:
        raise unreadable(folder / _DEFINITION, error) from error
    try:
        return dict(json.loads(text))
    except (ValueError, TypeError) as error:
        raise _damaged(folder, error) from error


def _damaged(folder: Path, error: Exception) -> StorageError:
    return StorageError(f"{folder / _DEFINITION} is damaged: restore it from a copy ({error})")


def _unpack(draft: Path) -> None:
    """Move what a draft holds into the folder that it is in: first the text, which fails where
    another has made an index there meanwhile, and last the definition, which makes it an index."""
    order = {TEXT: 0, _DEFINITION: 2}
    for part in sorted(draft.iterdir(), key=lambda part: order.get(part.name, 1)):
        part.rename(draft.parent / part.name)
    draft.rmdir()


def _fill(folder: Path, definition: IndexDefinition) -> None:
    schema = definition.schema
    (folder / TEXT).mkdir()
    TextIndex.create(folder / TEXT, schema)
    DocumentFiles(folder, len(schema.dense)).close()
    for position, field in enumerate(schema.dense.values()):
        RowFiles(folder, position, field.dims or 1).close()
    with (folder / _DEFINITION).open("w", encoding="utf-8") as file:
        made = {**definition.as_dict(), _IDENTITY: uuid.uuid4().hex}
        json.dump(made, file, indent=2, ensure_ascii=False)
        file.flush()
        os.fsync(file.fileno())
