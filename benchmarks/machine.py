"""The machine and the package versions that figures were taken with, without names or paths."""

from __future__ import annotations

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

PACKAGES = (
    "hybridsearch",
    "numpy",
    "tantivy",
    "numkong",
    "orjson",
    "torch",
    "transformers",
    "elasticsearch",
    "opensearch-py",
    "bm25s",
    "lancedb",
)


def describe() -> str:
    """A few Markdown list items."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name)))
    return "\n".join(
        [
            f"- processor: {_processor()}, {os.cpu_count()} cores; memory: {memory:.0f} GiB",
            (
                f"- {platform.system()} on {platform.machine()}; "
                f"{platform.python_implementation()} {platform.python_version()}"
            ),
            f"- {packages}",
        ]
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    print(describe())
