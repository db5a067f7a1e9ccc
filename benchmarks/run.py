"""Run the benchmarks, each in a process of its own, and print one Markdown section.

`python benchmarks/run.py [--sizes 10000,100000,1000000] [--only NAME]`
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

from machine import describe

PARTS = ("fusions", "embedded", "rivals", "relevance")
# Set before numpy is imported: one search uses one thread, whatever libraries it goes through.
ONE_THREAD = dict.fromkeys(
    (
        "OMP_NUM_THREADS",
        "OPENBLAS_NUM_THREADS",
        "MKL_NUM_THREADS",
        "NUMEXPR_NUM_THREADS",
        "VECLIB_MAXIMUM_THREADS",
    ),
    "1",
)


def main() -> None:
    """Print what the machine is, then each part's tables; progress goes to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", default="10000,100000", help="of the embedded engine's part")
    parser.add_argument("--only", choices=PARTS, help="one part instead of all")
    options = parser.parse_args()
    print(f"## Measured on {datetime.now(UTC):%Y-%m-%d}\n\n{describe()}\n", flush=True)
    failed = []
    for part in PARTS if options.only is None else (options.only,):
        script = Path(__file__).with_name(f"{part}.py")
        arguments = ["--sizes", options.sizes] if part == "embedded" else []
        # Encoding is allowed every core: relevance measures no times.
        limits = {} if part == "relevance" else ONE_THREAD
        done = subprocess.run(
            [sys.executable, str(script), *arguments], env={**os.environ, **limits}, check=False
        )
        if done.returncode:
            failed.append(part)
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


if __name__ == "__main__":
    main()
