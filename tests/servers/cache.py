"""Where installed servers are kept: outside the project, each made whole or not at all."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from servers.account import server_account
from servers.errors import ServerUnavailable
from servers.progress import tell


def cache_folder() -> Path:
    """`HYBRIDSEARCH_TEST_SERVER_CACHE`, else below the home, or below /var/tmp where we are root.

    Root's home is closed to `nobody`, whom servers run as then.
    """
    given = os.environ.get("HYBRIDSEARCH_TEST_SERVER_CACHE")
    if given:
        folder = Path(given).absolute()
    elif os.getuid() == 0:
        folder = Path("/var/tmp/hybridsearch/servers")
    else:
        folder = Path.home() / ".cache" / "hybridsearch" / "servers"
    folder.mkdir(parents=True, exist_ok=True)
    if not given and folder.stat().st_uid != os.getuid():
        raise ServerUnavailable(f"the folder of installed servers is another user's: {folder}")
    server_account().check_reach(folder)
    return folder


@contextmanager
def making(folder: Path, name: str) -> Iterator[Path | None]:
    """A folder to work in, whose `home` then becomes `folder`; None where that is there already.

    Of several processes one works and the others wait; what a killed one left is thrown away.
    """
    if folder.is_dir():
        yield None
        return
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(name, "waiting for another process that installs it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            yield None
            return
        part = folder.with_name(f"{folder.name}.part")
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir()
        yield part
        (part / "home").rename(folder)
        shutil.rmtree(part)
