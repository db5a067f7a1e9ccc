"""A process that starts a server, and ends it and removes its folder when its parent ends.

The parent holds the other end of the guardian's stdin. However the parent ends, that pipe closes;
the guardian then kills the server's whole process group. A line from the parent has it kill the
server and start it again in its folder. It runs as a script and imports nothing of the project.
Arguments: the server's folder, a user, a group, and the server's command.
"""

from __future__ import annotations

import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

OUTPUT = "output.log"
PR_SET_CHILD_SUBREAPER = 36


def main(folder: Path, user: int, group: int, command: list[str]) -> None:
    parent = os.getppid()
    _adopt_orphans()
    try:
        again = True
        while again:
            server = _start(folder, user, group, command)
            try:
                with suppress(BrokenPipeError):
                    os.write(sys.stdout.fileno(), f"{server.pid}\n".encode())
                # A fork of the parent may hold the pipe open when the parent itself is gone.
                while (told := _told()) is None and os.getppid() == parent:
                    _reap()
            finally:
                _end(server.pid)
            again = bool(told)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path, user: int, group: int, command: list[str]) -> subprocess.Popen[bytes]:
    with (folder / OUTPUT).open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            user=user,
            group=group,
            extra_groups=[] if os.getuid() == 0 else None,  # which only root may set
        )


def _adopt_orphans() -> None:
    """On Linux, what the server started becomes ours when the server has ended before it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _told() -> bytes | None:
    """A line of the parent's, nothing where it let go; None where it does neither."""
    if not select.select([sys.stdin], [], [], 0.2)[0]:
        return None
    return os.read(sys.stdin.fileno(), 100)


def _reap() -> None:
    """Collect those of our processes that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _end(group: int) -> None:
    """Kill the server's processes, and wait until they are gone."""
    patience = time.monotonic() + 20
    with suppress(ProcessLookupError):
        while time.monotonic() < patience:
            os.killpg(group, signal.SIGKILL)
            _reap()
            time.sleep(0.02)


def _stop(*_: object) -> None:
    sys.exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
