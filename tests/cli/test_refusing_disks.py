"""Disks that refuse: one line on stderr, the last commit stays, and adding again works."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from command_line import Run, book, running_in, write_lines, write_schema

from hybridsearch import HybridIndex, Schema

NOBODY = 65_534
# Another user may not be able to read the installed packages: they are imported before.
AS_NOBODY = f"""
import gzip, os, sys  # while the standard library can be read
from typer.testing import CliRunner
from hybridsearch.cli.app import app, main
CliRunner().invoke(app, ["search", "embedded:x", "whales", "--json"], catch_exceptions=False)
os.setgroups([])
os.setgid({NOBODY})
os.setuid({NOBODY})
main()
"""
ROOT = os.geteuid() == 0 if hasattr(os, "geteuid") else False
MEGABYTE = 1_000_000

needs_root = pytest.mark.skipif(not ROOT, reason="needs root to mount or to become another user")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return running_in(tmp_path)


@pytest.fixture
def full(tmp_path: Path) -> Iterator[Path]:
    """A file system of four megabytes."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def smallest_files(limit: int) -> Callable[[], None]:
    def set_limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    return set_limit


def bulky(start: int, count: int) -> list[dict[str, object]]:
    filler = os.urandom(5_000).hex()
    return [book(position, text=f"number{position} {filler}") for position in range(start, count)]


def starts_again_after(run: Run, location: Path, before: int, more: Path) -> None:
    """The index opens with what it held, and takes the documents that it could not take."""
    with HybridIndex.open(f"embedded:{location}") as index:
        assert index.count() == before
        assert [hit.id for hit in index.search("number1", k=1).hits] == ["b1"]
    again = run("index", f"embedded:{location}", more, "--json")
    assert again.status == 0, again
    with HybridIndex.open(f"embedded:{location}") as index:
        assert index.count() == before + again.last_json["indexed"]


def test_a_file_size_limit_leaves_the_last_commit_and_adding_again_works(
    run: Run, tmp_path: Path
) -> None:
    first = write_lines(tmp_path / "first.jsonl", [book(position) for position in range(10)])
    more = write_lines(tmp_path / "more.jsonl", bulky(10, 400))
    schema = write_schema(tmp_path)
    assert run("index", "embedded:x", first, "--schema", schema, "--encoder", "none").status == 0

    refused = run("index", "embedded:x", more, preexec_fn=smallest_files(MEGABYTE))

    refused.failed_with("the disk refused", "stays as it was", "make room")
    starts_again_after(run, tmp_path / "x", 10, more)


@needs_root
def test_a_full_disk_leaves_the_last_commit_and_adding_again_works(
    run: Run, tmp_path: Path, full: Path
) -> None:
    location = full / "x"
    first = write_lines(tmp_path / "first.jsonl", [book(position) for position in range(10)])
    more = write_lines(tmp_path / "more.jsonl", bulky(10, 800))
    ballast = full / "ballast"
    ballast.write_bytes(bytes(3 * MEGABYTE))
    schema = write_schema(tmp_path)
    created = run("index", f"embedded:{location}", first, "--schema", schema, "--encoder", "none")
    assert created.status == 0, created

    refused = run("index", f"embedded:{location}", more)

    refused.failed_with("the disk refused", "stays as it was", "make room")
    ballast.unlink()
    fewer = write_lines(tmp_path / "fewer.jsonl", bulky(10, 20))
    starts_again_after(run, location, 10, fewer)


@needs_root
def test_a_new_index_on_a_full_disk_is_refused_whole(run: Run, tmp_path: Path, full: Path) -> None:
    with suppress(OSError):
        (full / "ballast").write_bytes(bytes(8 * MEGABYTE))
    source = write_lines(tmp_path / "s.jsonl", [book(1)])
    schema = write_schema(tmp_path)

    run(
        "index", f"embedded:{full / 'x'}", source, "--schema", schema, "--encoder", "none"
    ).failed_with("cannot be made", "No space left")  # fmt: skip

    assert [path.name for path in full.iterdir()] == ["ballast"]


def test_dead_letters_that_cannot_be_written_end_the_command_with_the_reason(
    run: Run, tmp_path: Path
) -> None:
    source = write_lines(tmp_path / "s.jsonl", [book(1), book(2, year="bad")])
    (tmp_path / "taken").write_text("a file")
    command = ("index", "embedded:x", source, "--schema", write_schema(tmp_path))

    run(*command, "--encoder", "none", "--dead-letters", "taken/l.jsonl").failed_with(
        "taken/l.jsonl cannot be written", "name another"
    )
    if Path("/dev/full").exists():
        run(*command, "--encoder", "none", "--dead-letters", "/dev/full").failed_with(
            "/dev/full cannot be written", "No space left", "name another"
        )

    with HybridIndex.open(f"embedded:{tmp_path / 'x'}") as index:
        assert index.count() == 0


@needs_root
def test_a_read_only_folder_with_a_writable_lock_is_searched_and_not_written() -> None:
    # Not the test's own folder: another user cannot look into that.
    folder = Path(tempfile.mkdtemp(prefix="read-only-"))
    folder.chmod(0o755)
    try:
        run = running_in(folder)
        source = write_lines(folder / "s.jsonl", [book(position) for position in range(5)])
        schema = write_schema(folder)
        made = run("index", "embedded:x", source, "--schema", schema, "--encoder", "none")
        assert made.status == 0, made
        as_nobody = running_in(folder, sys.executable, "-c", AS_NOBODY)

        for path in (folder / "x").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
        as_nobody("search", "embedded:x", "whales").failed_with("writable .tantivy-meta.lock")
        (folder / "x" / "text" / ".tantivy-meta.lock").chmod(0o666)
        found = as_nobody("search", "embedded:x", "whales", "--json")
        assert found.status == 0, found
        assert len(found.last_json["hits"]) == 5
        assert as_nobody("info", "embedded:x").status == 0
        as_nobody("index", "embedded:x", source).failed_with("the index in x")
        as_nobody("delete", "embedded:x", "b1").failed_with("the index in x")
        as_nobody(
            "index", "embedded:y", source, "--schema", schema, "--encoder", "none"
        ).failed_with("cannot be made", "Permission denied", "can be written")  # fmt: skip
        assert as_nobody("info", "embedded:x", "--json").last_json["documents"] == 5
        source.chmod(0o600)
        as_nobody("index", "embedded:x", source).failed_with("s.jsonl", "Permission denied")
        (folder / "x").chmod(0o700)
        as_nobody("info", "embedded:x").failed_with("Permission denied")
    finally:
        shutil.rmtree(folder)


def test_a_second_writer_is_told_that_the_first_is_busy(run: Run, tmp_path: Path) -> None:
    source = write_lines(tmp_path / "s.jsonl", [book(1)])
    schema = json.loads(write_schema(tmp_path).read_text())
    with HybridIndex.create(
        f"embedded:{tmp_path / 'x'}", schema=Schema(**schema), encoder=None
    ) as index:
        index.add([book(2)])
        run("index", "embedded:x", source).failed_with("another writer", "close it, or wait")
        assert run("search", "embedded:x", "whales").status == 0
        broken = write_lines(tmp_path / "broken.csv", [])
        run("index", "embedded:x", broken).failed_with("first row must name the columns")
