"""The embedding cache: what it keeps and for whom, its bound, and that it never breaks a run."""

from __future__ import annotations

import logging
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from counting_encoder import CountingEncoder
from vectors import random_units

from hybridsearch.encoding import cache_file
from hybridsearch.encoding.answer import answer
from hybridsearch.encoding.cache import FILE, EmbeddingCache, Encoded, cache_keys
from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.protocol import Encoder

DIMS = 64
LONG = " ".join(f"The dense retriever compares vectors, number {n}." for n in range(30))
TEXTS = ["hybrid search", LONG, "a text about cars", "hybrid search"]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[EmbeddingCache]:
    made = EmbeddingCache(tmp_path / "cache")
    yield made
    made.close()


def asked(encoder: Encoder, cache: EmbeddingCache | None, texts: Sequence[str]) -> EncodedDocuments:
    (reply,) = answer(encoder, [EncodeDocuments(texts, 40, 8)], cache)
    assert isinstance(reply, EncodedDocuments)
    return reply


def same(first: EncodedDocuments, second: EncodedDocuments, *, off: float = 0.0) -> bool:
    pairs = zip([*first.spans, *first.vectors], [*second.spans, *second.vectors], strict=True)
    return all(np.allclose(a, b, rtol=0, atol=off) and a.dtype == b.dtype for a, b in pairs)


def value(number: int, passages: int = 1) -> Encoded:
    spans = np.array([[number, number + at] for at in range(passages)], dtype=np.int32)
    return spans, random_units(passages, dims=DIMS, seed=number)


def key(number: int) -> bytes:
    return number.to_bytes(24, "big")


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_text_is_encoded_once_and_comes_back_bit_by_bit(
    tiny: Encoder, cache: EmbeddingCache
) -> None:
    encoder = CountingEncoder(tiny)
    plain = asked(encoder, None, TEXTS)
    encoder.texts.clear()
    first = asked(encoder, cache, TEXTS)
    assert first.cached == 0
    assert len(first.spans[1]) > 5
    assert encoder.texts.count("hybrid search") == 1  # though it comes twice
    encoder.texts.clear()
    second = asked(encoder, cache, TEXTS)
    assert second.cached == len(TEXTS)
    assert encoder.texts == []
    assert same(first, second)
    assert same(first, plain)


def test_only_what_is_new_is_encoded(tiny: Encoder, cache: EmbeddingCache) -> None:
    encoder = CountingEncoder(tiny)
    asked(encoder, cache, TEXTS[:1])
    encoder.texts.clear()
    reply = asked(encoder, cache, ["new words", *TEXTS])
    assert reply.cached == 2
    assert "hybrid search" not in encoder.texts
    assert "new words" in encoder.texts
    # In another batch, the last bit of a number may be another, by the processor.
    assert same(reply, asked(encoder, None, ["new words", *TEXTS]), off=1e-6)


def test_another_process_finds_what_this_one_kept(tiny: Encoder, cache: EmbeddingCache) -> None:
    made = asked(tiny, cache, TEXTS)
    keys = cache_keys(tiny, TEXTS, 40, 8)
    program = """
import sys
from pathlib import Path
from hybridsearch.encoding.cache import EmbeddingCache
folder, dims, *keys = sys.argv[1:]
found = EmbeddingCache(Path(folder)).lookup([bytes.fromhex(key) for key in keys], int(dims))
print(len(found), sum(float(vectors.sum()) for _, vectors in found.values()))
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(cache.folder), str(tiny.dims), *map(bytes.hex, keys)],
        capture_output=True,
        text=True,
        check=True,
    )
    count, total = ran.stdout.split()
    assert int(count) == len(set(TEXTS))
    assert float(total) == sum(float(v.sum()) for v in made.vectors[:3])


@pytest.mark.parametrize("window", [(40, 8), (40, 9), (39, 8), (1000, 8), (1001, 8)])
def test_keys_differ_where_passages_would(tiny: Encoder, window: tuple[int, int]) -> None:
    """A window beyond what the encoder reads is the same as any other beyond it."""
    (found,) = cache_keys(tiny, ["text"], *window)
    same_as = [
        other
        for other in [(40, 8), (40, 9), (39, 8), (1000, 8)]
        if cache_keys(tiny, ["text"], *other) == [found]
    ]
    assert same_as == [(min(window[0], 1000), window[1])]
    assert cache_keys(tiny, ["texT"], *window) != [found]


def test_another_encoder_finds_nothing(
    tiny: Encoder, minilm: Encoder, cache: EmbeddingCache
) -> None:
    asked(tiny, cache, TEXTS)
    assert asked(minilm, cache, TEXTS).cached == 0


def test_a_text_without_passages_is_known_too(tiny: Encoder, cache: EmbeddingCache) -> None:
    assert asked(tiny, cache, [" \n"]).cached == 0
    again = asked(tiny, cache, [" \n"])
    assert again.cached == 1
    assert again.vectors[0].shape == (0, tiny.dims)


def test_threads_share_a_cache(cache: EmbeddingCache) -> None:
    found: list[int] = []

    def work(number: int) -> None:
        for at in range(20):
            cache.store({key(number * 100 + at): value(at)})
            found.append(len(cache.lookup([key(number * 100 + at)], DIMS)))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [1] * 120


def test_the_least_recently_used_leave_and_the_file_stays_within_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 4_000_000
    hour = 0
    monkeypatch.setattr(cache_file.CacheFile, "_now", staticmethod(lambda: hour))
    cache = EmbeddingCache(tmp_path, limit)
    path = tmp_path / FILE
    treasured = [key(number) for number in range(20)]
    cache.store({key(number): value(number) for number in range(200)})
    for hour in range(1, 120):
        cache.store({key(hour * 1000 + n): value(n, passages=1 + n % 4) for n in range(200)})
        assert len(cache.lookup(treasured, DIMS)) == 20, hour
        assert path.stat().st_size <= limit
    assert cache.lookup([key(number) for number in range(20, 200)], DIMS) == {}
    newest = [key(hour * 1000 + n) for n in range(200)]
    assert len(cache.lookup(newest, DIMS)) == 200
    with closing(sqlite3.connect(path)) as file:
        (kept,) = file.execute("SELECT sum(size) FROM entry").fetchone()
        assert kept > limit / 2, "more left than had to"
        (orphans,) = file.execute(
            "SELECT count(*) FROM value WHERE id NOT IN (SELECT id FROM entry)"
        ).fetchone()
        assert orphans == 0
    cache.close()


def test_a_lowered_bound_makes_the_file_shorter(tmp_path: Path) -> None:
    for limit in (8_000_000, 2_000_000):
        cache = EmbeddingCache(tmp_path, limit)
        for batch in range(40):
            cache.store({key(limit + batch * 1000 + n): value(n, 4) for n in range(200)})
        cache.close()
        assert limit / 2 < (tmp_path / FILE).stat().st_size <= limit


def test_what_is_larger_than_the_cache_is_not_kept(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path, 1_000_000)
    cache.store({key(1): value(1, passages=4000), key(2): value(2)})
    assert len(cache.lookup([key(1), key(2)], DIMS)) <= 1
    cache.store({key(3): value(3)})
    assert list(cache.lookup([key(3)], DIMS)) == [key(3)]
    cache.close()


def test_a_damaged_value_is_not_known_and_is_replaced(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    cache = EmbeddingCache(tmp_path)
    cache.store({key(n): value(n, 2) for n in range(6)})
    cache.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as file, file:
        rows = file.execute("SELECT id, bytes FROM value ORDER BY id").fetchall()
        flipped = bytearray(rows[0][1])
        flipped[100] ^= 1
        other = rows[5][1]  # a whole value, of another key
        for (id, _), damaged in zip(
            rows, (flipped, rows[1][1][:-1], rows[2][1] + b"x", b"", other), strict=False
        ):
            file.execute("UPDATE value SET bytes = ? WHERE id = ?", (bytes(damaged), id))
    keys = [key(n) for n in range(6)]
    assert list(cache.lookup(keys, DIMS)) == [key(5)]
    cache.store({key(n): value(n, 2) for n in range(6)})
    found = cache.lookup(keys, DIMS)
    assert all(np.array_equal(found[key(n)][1], value(n, 2)[1]) for n in range(6))
    assert cache.lookup(keys, DIMS - 1) == {}
    cache.close()
    assert told(caplog) == []


def no_sqlite(folder: Path) -> None:
    (folder / FILE).write_bytes(b"this is not a database" * 100)


def torn(folder: Path) -> None:
    cache = EmbeddingCache(folder)
    cache.store({key(n): value(n) for n in range(3000)})
    cache.close()
    content = (folder / FILE).read_bytes()
    half = len(content) // 2
    (folder / FILE).write_bytes(content[:20_000] + os.urandom(half) + content[20_000 + half :])


def another_version(folder: Path) -> None:
    EmbeddingCache(folder).lookup([key(1)], DIMS)
    with closing(sqlite3.connect(folder / FILE)) as file:
        file.execute("PRAGMA user_version = 99")


def another_database(folder: Path) -> None:
    with closing(sqlite3.connect(folder / FILE)) as file, file:
        file.execute("CREATE TABLE precious (thing)")


def a_folder(folder: Path) -> None:
    (folder / FILE).mkdir()


def no_folder(folder: Path) -> None:
    folder.rmdir()
    folder.write_text("a file")


@pytest.mark.parametrize(
    "fault", [no_sqlite, torn, another_version, another_database, a_folder, no_folder]
)
def test_a_cache_that_cannot_be_used_is_told_once_and_done_without(
    tmp_path: Path, tiny: Encoder, caplog: pytest.LogCaptureFixture, fault: object
) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    assert callable(fault)
    fault(folder)
    before = folder.read_bytes() if folder.is_file() else None
    cache = EmbeddingCache(folder)
    for _ in range(3):
        reply = asked(tiny, cache, TEXTS)
        assert reply.cached == 0
        assert same(reply, asked(tiny, None, TEXTS))
        cache.store({key(n): value(n) for n in range(3000)})
        cache.lookup([key(n) for n in range(3000)], DIMS)
    cache.close()
    (message,) = told(caplog)
    assert str(folder) in message
    assert "texts are encoded without it" in message
    if before is not None:
        assert folder.read_bytes() == before


def test_another_database_is_left_as_it_is(tmp_path: Path) -> None:
    another_database(tmp_path)
    cache = EmbeddingCache(tmp_path)
    cache.store({key(1): value(1)})
    cache.close()
    with closing(sqlite3.connect(tmp_path / FILE)) as file:
        assert file.execute("SELECT name FROM sqlite_master").fetchall() == [("precious",)]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no disk that is always full")
def test_a_full_disk_is_told_once_and_done_without(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The process may write files of 300 kB: what goes beyond is refused as on a full disk."""
    program = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
import numpy as np
from hybridsearch.encoding.cache import EmbeddingCache
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
cache = EmbeddingCache(Path(sys.argv[1]))
for batch in range(30):
    made = {{
        (batch * 1000 + n).to_bytes(24, "big"): (
            np.zeros((1, 2), np.int32), np.ones((1, 64), np.float32)
        )
        for n in range(200)
    }}
    cache.store(made)
    cache.lookup(list(made), 64)
print("done")
"""
    ran = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert ran.stdout == "done\n"
    assert ran.stderr.count("cannot be used") == 1
    again = EmbeddingCache(tmp_path)
    assert len(again.lookup([n.to_bytes(24, "big") for n in range(200)], DIMS)) == 200
    again.close()
    assert told(caplog) == []


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_only_its_owner_can_read_a_new_cache(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path / "new" / "cache")
    cache.store({key(1): value(1)})
    cache.close()
    assert cache.folder.stat().st_mode & 0o077 == 0
    assert [path.name for path in cache.folder.iterdir()] == [FILE]
