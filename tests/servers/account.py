"""Whom servers run as: ourselves, or `nobody` where we are root, which they refuse to run as."""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from servers.errors import ServerUnavailable


@dataclass(frozen=True)
class Account:
    """A user and a group of this machine, by number."""

    user: int
    group: int

    def own(self, folder: Path) -> None:
        """Give the folder, and everything in it, to this account."""
        if self.user == os.getuid():
            return
        for path in (folder, *folder.rglob("*")):
            os.chown(path, self.user, self.group)

    def check_reach(self, folder: Path) -> None:
        """Raises ServerUnavailable where the account cannot enter the folder."""
        if self.user == os.getuid():
            return
        for parent in (folder, *folder.parents):
            if not parent.stat().st_mode & 0o001:
                raise ServerUnavailable(
                    f"servers run as user {self.user}, who cannot enter {parent}:"
                    f" choose another folder than {folder}"
                )


def server_account() -> Account:
    """Ourselves, or `nobody` where we are root."""
    if os.getuid() != 0:
        return Account(os.getuid(), os.getgid())
    try:
        nobody = pwd.getpwnam("nobody")
    except KeyError:
        raise ServerUnavailable(
            "servers refuse to run as root, and there is no user `nobody` to run them as"
        ) from None
    return Account(nobody.pw_uid, nobody.pw_gid)
