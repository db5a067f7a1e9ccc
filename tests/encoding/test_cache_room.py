"""Values of awkward lengths in the embedding cache: pages hold whole rows, and waste the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridsearch.encoding.cache_file import PAGE_BYTES, CacheFile


@pytest.mark.parametrize("size", [100, 8208, 16_345, PAGE_BYTES + 100])
@pytest.mark.parametrize("at_once", [20, 400])
def test_a_full_cache_takes_values_of_any_length(tmp_path: Path, size: int, at_once: int) -> None:
    """8208 bytes are two passages of 1024 dims, of which a page of 16 KiB has room for one text."""
    limit = 2_000_000
    path = tmp_path / "cache.sqlite"
    cache = CacheFile(path, limit)
    for batch in range(4 * limit // (size * at_once) + 2):
        keys = [b"%d %d" % (batch, number) for number in range(at_once)]
        cache.write(dict.fromkeys(keys, bytes(size)))
        assert keys[0] in cache.read(keys)
        assert path.stat().st_size <= limit
    cache.close()
