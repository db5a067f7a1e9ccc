"""The checkpoint: how far a run has come, so that the next one goes on where it ended."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hybridsearch.errors import CheckpointError, StorageError
from hybridsearch.indexing.counts import Counts

FORMAT: Final = 1
_MARK: Final = "hybridsearch_checkpoint"
_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Reached:
    """What a checkpoint holds: everything before record `counts.read` + 1 of the source is durable
    in the index or in the dead letters, of which the first `letters_length` bytes are settled."""

    counts: Counts
    letters: str
    letters_length: int


class Checkpoint:
    """A file that a run writes every few seconds, and takes away when it has come to its end.

    source: text that changes with what the source holds, where that is known; restart: whether to
    begin anew whatever the file says; lenient: whether to do so where it says something else than
    expected, and to go without where it cannot be read or written, which are errors otherwise.
    kept: whether the file says how far the run is.
    """

    def __init__(
        self,
        path: str | Path,
        *,
        source: str | None = None,
        restart: bool = False,
        lenient: bool = False,
    ) -> None:
        self.path = Path(path)
        self._source = source
        self._restart = restart
        self._lenient = lenient
        self._belongs: dict[str, Any] = {}
        self._told = False
        self.kept = False

    def load(self, target: str, identity: str | None) -> Reached | None:
        """What was reached before, None at a first run; raises CheckpointError, StorageError.

        identity: of the index, where it is told.
        """
        self._belongs = {"target": target, "index": identity, "source": self._source}
        found = self._found()
        if found is None:
            return None
        if _MARK not in found and not self._lenient:
            raise CheckpointError(
                f"{self.path} is not a checkpoint: it stays as it is; name another file"
            )
        if self._restart:
            self.remove()
            return None
        try:
            reached = self._read(found)
        except CheckpointError:
            if not self._lenient:
                raise
            self.remove()
            return None
        self.kept = True
        return reached

    def save(self, reached: Reached) -> None:
        """Write it whole or not at all; raises StorageError."""
        content = {
            _MARK: FORMAT,
            **self._belongs,
            "counts": reached.counts.as_dict(),
            "dead_letters": reached.letters,
            "dead_letters_length": reached.letters_length,
        }
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            # Unlike orjson it takes names of files that are not UTF-8.
            _replace(self.path, json.dumps(content, indent=2).encode())
            self.kept = True
        except OSError as error:
            self._go_without(error)

    def remove(self) -> None:
        """There is nothing to go on with; raises StorageError."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            if self.kept or not self._lenient:
                raise self._refused(error) from error

    def _found(self) -> Mapping[str, Any] | None:
        """What is there: nothing in a file that is no checkpoint, None where there is no file."""
        try:
            found = json.loads(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except OSError as error:
            self._go_without(error)
            return None
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}

    def _go_without(self, error: OSError) -> None:
        """What was kept before stays true; raises StorageError unless it is lenient."""
        if not self._lenient:
            raise self._refused(error) from error
        if not self._told:
            self._told = True
            _LOG.warning(
                "%s cannot be read or written (%s): ended midway, this run begins anew or goes on "
                "from an earlier place",
                self.path,
                error.strerror,
            )

    def _read(self, found: Mapping[str, Any]) -> Reached:
        if found.get(_MARK) != FORMAT:
            raise self._foreign("is of another version")
        for name, expected in self._belongs.items():
            if found.get(name) != expected:
                raise self._foreign(
                    f"belongs to another {name}, or that has changed since ({found.get(name)}, and "
                    f"now {expected})"
                )
        try:
            counts = Counts(**found["counts"])
            return Reached(counts, str(found["dead_letters"]), int(found["dead_letters_length"]))
        except (KeyError, TypeError, ValueError):
            raise self._foreign("is damaged") from None

    def _foreign(self, reason: str) -> CheckpointError:
        return CheckpointError(
            f"the checkpoint {self.path} {reason}: begin anew with restart (--restart), which "
            "forgets it, or name another file"
        )

    def _refused(self, error: OSError) -> StorageError:
        return StorageError(
            f"the checkpoint {self.path} cannot be read or written ({error.strerror}): name "
            "another file"
        )


def _replace(path: Path, content: bytes) -> None:
    # The rename itself need not last: an older checkpoint is as true as a newer one.
    draft = path.with_name(f".{path.name}.{os.getpid()}.draft")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise
