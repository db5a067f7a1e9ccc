"""How a command ends: by a signal, by a reader that goes away, on a stdout that takes nothing."""

from __future__ import annotations

import fcntl
import json
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path
from typing import IO

import pytest
from command_line import SCRIPT, book

from hybridsearch import HybridIndex


@pytest.mark.parametrize("option", ["--json", "--explain"])
def test_a_closed_or_full_stdout_is_no_accident(books: str, tmp_path: Path, option: str) -> None:
    command = f"{SCRIPT} search {books} whales --retriever lexical {option}"
    for redirection, status, told in [(">&-", 0, ""), ("> /dev/full", 1, "error: No space left")]:
        done = subprocess.run(
            ["sh", "-c", f"{command} {redirection}"],
            cwd=tmp_path, stderr=subprocess.PIPE, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert done.returncode == status, done
        assert told in done.stderr
        assert "unexpected" not in done.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stores_what_was_read_and_ends_the_command(
    books: str, tmp_path: Path, number: signal.Signals
) -> None:
    process = _indexing(books, tmp_path)
    process.send_signal(number)
    _, err = process.communicate(timeout=30)

    assert process.returncode == 128 + number
    first, last = err.decode().strip().splitlines()
    assert first == "stopping: what was read is being stored; once more to end at once"
    assert last.startswith("stopped; 1 documents are stored and stay")
    with HybridIndex.open(f"embedded:{tmp_path / 'books'}") as index:
        assert index.count() == 21


def test_standard_input_that_stays_open_does_not_hold_up_a_second_signal(
    books: str, tmp_path: Path
) -> None:
    process = _indexing(books, tmp_path)
    for _ in range(2):
        process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode().startswith("\nstopping: ")


def _indexing(books: str, folder: Path) -> subprocess.Popen[bytes]:
    """A run that has read one document and waits for the next."""
    process = subprocess.Popen(
        [str(SCRIPT), "index", books, "-"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
    )
    assert process.stdin is not None
    process.stdin.write((json.dumps(book(99)) + "\n").encode())
    process.stdin.flush()
    while process.poll() is None and _unread(process.stdin):
        time.sleep(0.02)
    time.sleep(0.2)
    return process


def _unread(pipe: IO[bytes]) -> int:
    """How many bytes of a pipe the other end has not read yet."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_a_reader_that_goes_away_ends_the_command_quietly(books: str, tmp_path: Path) -> None:
    process = subprocess.Popen(
        [str(SCRIPT), "search", books, "whales", "-k", "20", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    err = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 1
    assert err == b""
