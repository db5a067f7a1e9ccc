"""kill -9 of a process that fills the embedding cache, while others read it and fill it too."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.encoding.cache import EmbeddingCache

KILLS = 16
LIMIT = 3_000_000
ROOMY = 4_000_000_000
DIMS = 64

# Every value can be told from its key alone. A batch is printed once it is kept.
COMMON = """
import sys
from pathlib import Path
import numpy as np
from hybridsearch.encoding.cache import EmbeddingCache

def key(number):
    return number.to_bytes(24, "big")

def value(number):
    count = 1 + number % 5
    vectors = np.full((count, 64), number, dtype=np.float32)
    return np.full((count, 2), number % 1000, dtype=np.int32), vectors

cache = EmbeddingCache(Path(sys.argv[1]), int(sys.argv[2]))
"""
WRITER = (
    COMMON
    + """
batch = int(sys.argv[3])
while True:
    batch += 1
    cache.store({key(n): value(n) for n in range(batch * 100, batch * 100 + 100)})
    print(batch, flush=True)
"""
)
READER = (
    COMMON
    + """
import os
random = np.random.default_rng(1)
seen = 0
newest = 0
while os.path.exists(sys.argv[3]):
    numbers = random.integers(0, max(newest * 2, 4000), 400).tolist()
    found = cache.lookup([key(n) for n in numbers], 64)
    for number in numbers:
        if key(number) in found:
            spans, vectors = found[key(number)]
            wanted = value(number)
            assert np.array_equal(spans, wanted[0]) and np.array_equal(vectors, wanted[1]), number
            seen += 1
            newest = max(newest, number)
print(seen, flush=True)
"""
)


def start(program: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", program, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextmanager
def reading(folder: Path) -> Iterator[None]:
    """Another process reads all the while; what it found has to be right, and be something."""
    sign = folder / "go-on"
    sign.touch()
    process = start(READER, folder, LIMIT, sign)
    try:
        yield
        sign.unlink()
        said, error = process.communicate(timeout=60)
    finally:
        process.kill()
        process.wait()
    assert error == ""
    assert int(said) > 1000


def numbers_of(batch: int) -> range:
    return range(batch * 100, batch * 100 + 100)


def keys_of(batch: int) -> list[bytes]:
    return [number.to_bytes(24, "big") for number in numbers_of(batch)]


@pytest.mark.slow
def test_kill_9_leaves_a_cache_that_goes_on_and_gives_nothing_wrong(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    random = np.random.default_rng(5)
    batch = 0
    with reading(tmp_path):
        for _ in range(KILLS):
            writer = start(WRITER, tmp_path, LIMIT, batch)
            assert writer.stdout is not None
            first = writer.stdout.readline()
            time.sleep(float(random.uniform(0.0, 0.25)))
            writer.kill()
            said, error = writer.communicate()
            assert error == ""
            kept = [int(line) for line in [first, *said.splitlines(keepends=True)] if "\n" in line]
            batch = kept[-1]
            cache = EmbeddingCache(tmp_path, LIMIT)
            assert len(cache.lookup(keys_of(batch), DIMS)) == 100  # what was kept last is there
            # What came after is there as a whole or not at all.
            half_done = len(cache.lookup(keys_of(batch + 1), DIMS))
            assert half_done in {0, 100}
            batch += half_done // 100
            cache.close()
    assert batch > 10 * KILLS
    assert (tmp_path / "embeddings.sqlite").stat().st_size <= LIMIT
    assert caplog.records == []


@pytest.mark.slow
def test_two_processes_fill_one_cache_at_once(tmp_path: Path) -> None:
    """Both begin at the same moment with a cache that is not there yet."""
    writers = [start(WRITER, tmp_path / "new", ROOMY, begin) for begin in (0, 1_000_000)]
    time.sleep(2)
    kept = []
    for writer in writers:
        writer.kill()
        said, error = writer.communicate()
        assert error == ""
        kept.append([int(line) for line in said.splitlines(keepends=True) if "\n" in line])
    cache = EmbeddingCache(tmp_path / "new", ROOMY)
    for batches in kept:
        assert len(batches) > 10
        for batch in batches:
            found = cache.lookup(keys_of(batch), DIMS)
            assert len(found) == 100
            for number in numbers_of(batch):
                vectors = found[number.to_bytes(24, "big")][1]
                assert vectors.shape == (1 + number % 5, DIMS)
                assert (vectors == np.float32(number)).all()
    cache.close()
