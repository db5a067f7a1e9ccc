"""The folder of an index: where it can be made, and that it is made whole or not at all."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hybridsearch import HybridIndex, Schema
from hybridsearch.engines.embedded import folder as made
from hybridsearch.errors import (
    IndexExistsError,
    IndexNotFoundError,
    MappingMismatchError,
    StorageError,
)

SCHEMA = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 8}})
FIG = {"id": "fig", "title": "figs", "dense": [1.0] + 7 * [0.0]}


def make(target: str) -> None:
    with HybridIndex.create(target, schema=SCHEMA, encoder=None) as index:
        index.add([FIG])
        assert index.count() == 1


def test_an_index_can_be_made_where_one_stands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make("embedded:.")
    assert Path.cwd() == tmp_path
    with HybridIndex.open(f"embedded:{tmp_path}") as index:
        assert index.count() == 1
    assert not [part for part in tmp_path.iterdir() if part.name.startswith(".")]


def test_an_index_can_be_made_where_a_file_system_is_mounted(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a file system cannot be mounted here")
    try:
        make(f"embedded:{tmp_path}")
    finally:
        subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)


def test_an_index_that_another_makes_meanwhile_in_an_empty_folder_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "index"
    place.mkdir()
    fill = made._fill

    def fill_late(draft: Path, schema: object) -> None:
        monkeypatch.undo()
        fill(draft, schema)  # type: ignore[arg-type]
        other = tmp_path / "other"
        make(f"embedded:{other}")
        for part in other.iterdir():
            part.rename(place / part.name)

    monkeypatch.setattr(made, "_fill", fill_late)
    with pytest.raises(StorageError, match="cannot be made"):
        HybridIndex.create(f"embedded:{place}", schema=SCHEMA, encoder=None)
    with HybridIndex.open(f"embedded:{place}") as index:
        assert index.get("fig") is not None


def test_a_folder_with_something_in_it_is_left(tmp_path: Path) -> None:
    (tmp_path / "note.txt").write_text("mine")
    with pytest.raises(IndexExistsError, match="not an index"):
        HybridIndex.create(f"embedded:{tmp_path}", schema=SCHEMA, encoder=None)
    assert [part.name for part in tmp_path.iterdir()] == ["note.txt"]


def test_an_index_that_is_deleted_while_it_is_open_says_so(tmp_path: Path) -> None:
    target = f"embedded:{tmp_path / 'index'}"
    make(target)
    with HybridIndex.open(target) as index:
        shutil.rmtree(tmp_path / "index")
        with pytest.raises(IndexNotFoundError, match="was deleted while it was open"):
            index.search("figs")


@pytest.mark.parametrize("written", [True, False])
def test_an_index_made_anew_is_not_touched_by_who_has_the_old_one_open(
    tmp_path: Path, written: bool
) -> None:
    folder = tmp_path / "index"
    target = f"embedded:{folder}"
    make(target)
    with HybridIndex.open(target) as old:
        if written:
            old.add([FIG])
        shutil.rmtree(folder)
        with HybridIndex.create(target, schema=SCHEMA, encoder=None) as new:
            new.add([{**FIG, "id": name} for name in ("one", "two", "three")])
        for _ in range(2):
            with pytest.raises(IndexNotFoundError, match="is not the one that was opened"):
                old.add([FIG])
        assert old.count() == 3, "what searches see of an equal index is what is there"
    with HybridIndex.open(target) as new:
        new.add([FIG])
        assert [document.id for document in new.scan()] == ["fig", "one", "three", "two"]


def test_a_commit_does_not_reach_an_index_that_is_made_anew_before_it(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    target = f"embedded:{folder}"
    make(target)

    def documents() -> Iterator[dict[str, Any]]:
        for number in range(2_000):
            yield {**FIG, "id": str(number)}
        folder.rename(tmp_path / "elsewhere")
        make(target)

    with HybridIndex.open(target) as old:
        old.add([FIG])
        with pytest.raises(IndexNotFoundError, match="is not the one that was opened"):
            old.add(documents())
    with HybridIndex.open(target) as new:
        assert [document.id for document in new.scan()] == ["fig"]


def test_an_index_made_anew_of_another_schema_is_told(tmp_path: Path) -> None:
    target = f"embedded:{tmp_path / 'index'}"
    make(target)
    with HybridIndex.open(target) as old:
        assert old.search("figs").hits
        shutil.rmtree(tmp_path / "index")
        other = Schema(text=["title"], dense={"dense": {"embeds": ["title"], "dims": 16}})
        with HybridIndex.create(target, schema=other, encoder=None) as new:
            new.add([{**FIG, "dense": [1.0] + 15 * [0.0]}])
        with pytest.raises(MappingMismatchError, match="another; open it again"):
            old.search(vector=[1.0] + 7 * [0.0])


@pytest.mark.parametrize(
    "name",
    [
        "documents.bin",
        "documents.idx",
        "documents.rev",
        "vectors-0.f32",
        "vectors-0.i8",
        "vectors-0.row",
    ],
)
def test_a_copy_that_lacks_what_was_committed_is_neither_read_nor_written(
    tmp_path: Path, name: str
) -> None:
    target = f"embedded:{tmp_path}"
    make(target)
    path = tmp_path / name
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 1)
    with HybridIndex.open(target) as index:
        with pytest.raises(StorageError, match="damaged"):
            index.search("figs")
        with pytest.raises(StorageError, match="damaged"):
            index.add([FIG])
