"""Finding a Java of a given major version: its home, where `bin/java` and `bin/javac` are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from servers.errors import ServerUnavailable

INSTALLED = Path("/usr/lib/jvm")


def java_home(*majors: int) -> Path:
    """The home of a Java of the first of these major versions that this machine has.

    Looks at `JAVA_HOME_25` (or another major version), `JAVA_HOME`, the folders of
    `/usr/lib/jvm`, and the `java` on the path.
    """
    for major in majors:
        for home in _homes(major):
            if _major_of(home) == major:
                return home
    wanted = " or ".join(map(str, majors))
    raise ServerUnavailable(
        f"Java {wanted} was not found: set JAVA_HOME_{majors[0]} to its home,"
        f" or install a JDK below {INSTALLED}"
    )


def _homes(major: int) -> Iterator[Path]:
    for variable in (f"JAVA_HOME_{major}", "JAVA_HOME"):
        if given := os.environ.get(variable):
            yield Path(given)
    if INSTALLED.is_dir():
        yield from sorted(INSTALLED.iterdir())
    if on_path := shutil.which("java"):
        yield Path(on_path).resolve().parents[1]


def _major_of(home: Path) -> int | None:
    """The major version that `java -version` tells, None where there is no whole JDK."""
    java = home / "bin" / "java"
    if not java.is_file() or not (home / "bin" / "javac").is_file():
        return None
    done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    told = re.search(r'version "(\d+)', done.stderr)
    return int(told[1]) if told else None
