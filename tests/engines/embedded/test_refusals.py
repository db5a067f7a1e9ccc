"""Folders and disks that refuse, made so for real: what failed, where, what to do, and why."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from hybridsearch import HybridIndex, Schema
from hybridsearch.errors import StorageError

SCHEMA = Schema(
    text=["title"],
    metadata={"year": "integer"},
    dense={"dense": {"embeds": ["title"], "dims": 4}},
)
FIG = {"id": "fig", "title": "ripe figs", "year": 1, "dense": [1, 0, 0, 0]}
RUST = re.compile(r"[{}`]|Some\(|None|Error\(|IoError|DoesNotExist")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An index of one document."""
    folder = tmp_path / "figs"
    with HybridIndex.create(f"embedded:{folder}", schema=SCHEMA, encoder=None) as index:
        index.add([FIG])
    return folder


def search(folder: Path) -> None:
    with HybridIndex.open(f"embedded:{folder}") as index:
        index.search("figs", retrievers=["lexical"])


def add(folder: Path) -> None:
    with HybridIndex.open(f"embedded:{folder}") as index:
        index.add([FIG])


def refused(action: Callable[[], object], *parts: str, because: str) -> None:
    """It raises a StorageError with these parts, in our words, the reason at its end."""
    with pytest.raises(StorageError) as raised:
        action()
    message, cause = str(raised.value), raised.value.__cause__
    for part in parts:
        assert part in message
    assert message.endswith(f"({because})")
    assert not RUST.search(message)
    assert isinstance(cause, ValueError | OSError)
    assert because in str(cause)


def segment_file(folder: Path, kind: str) -> Path:
    (path,) = (folder / "text").glob(f"*.{kind}")
    return path


@pytest.mark.parametrize(
    ("content", "because"),
    [
        (b'{"segments": [', "Meta file cannot be deserialized"),
        (b"", "Meta file cannot be deserialized"),
        (b"\xff\xfe\x00", "Meta file does not contain valid utf8 file"),
    ],
)
def test_a_damaged_commit_is_told(folder: Path, content: bytes, because: str) -> None:
    (folder / "text" / "meta.json").write_bytes(content)
    told = (f"the text index in {folder}/text", "meta.json is damaged", "restore the folder")
    refused(lambda: search(folder), *told, because=because)
    refused(lambda: add(folder), *told, because=because)


def test_a_commit_that_is_damaged_while_the_index_is_open_is_told(folder: Path) -> None:
    with HybridIndex.open(f"embedded:{folder}") as index:
        index.search("figs", retrievers=["lexical"])
        (folder / "text" / "meta.json").write_text("{")
        for action in (lambda: index.search(vector=[1, 0, 0, 0]), lambda: index.add([FIG])):
            refused(action, "meta.json is damaged", because="Meta file cannot be deserialized")


def test_a_missing_file_of_a_segment_is_named(folder: Path) -> None:
    path = segment_file(folder, "term")
    path.unlink()
    told = (f"the text index in {folder}/text", f"since {path.name} is missing", "index the source")
    refused(lambda: search(folder), *told, because="Failed to open file for read")


def test_a_file_of_a_segment_that_was_cut_is_named(folder: Path) -> None:
    path = segment_file(folder, "store")
    path.write_bytes(b"")
    told = (f"the text index in {folder}/text", f"since {path.name} is damaged", "restore")
    refused(lambda: search(folder), *told, because="File corrupted")


def test_what_is_missing_only_to_a_search_is_told_by_it(folder: Path) -> None:
    segment_file(folder, "pos").unlink()
    told = (f"the text index in {folder}/text cannot be read", "restore the folder")
    refused(lambda: search(folder), *told, because='Data corruption: Failed to open field "t0"')


def test_a_lock_that_is_a_folder_is_told_to_readers(folder: Path) -> None:
    lock = folder / "text" / ".tantivy-meta.lock"
    lock.unlink()
    lock.mkdir()
    told = (f"the text index in {folder}/text", "its lock", "a writable .tantivy-meta.lock")
    refused(lambda: search(folder), *told, because="Is a directory")


def test_a_lock_that_is_a_folder_is_no_other_writer(folder: Path) -> None:
    lock = folder / "text" / ".tantivy-writer.lock"
    lock.unlink()
    lock.mkdir()
    told = (f"the index in {folder}", ".tantivy-writer.lock", "delete the lock where it is no file")
    refused(lambda: add(folder), *told, because="Is a directory")
    search(folder)
    lock.rmdir()
    add(folder)


@pytest.mark.parametrize("name", ["documents.bin", "vectors-0.f32", "definition.json"])
def test_a_folder_in_the_place_of_a_file_is_told(folder: Path, name: str) -> None:
    (folder / name).unlink()
    (folder / name).mkdir()
    told = (f"{folder / name} cannot be read", "restore the folder")
    refused(lambda: search(folder), *told, because="Is a directory")


def test_a_definition_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "definition.json").write_bytes(b"\x80\x81")
    with pytest.raises(StorageError, match=r"definition.json is damaged: restore it from a copy"):
        search(folder)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a disk that is full")
def test_a_full_disk_at_the_commit_is_told_with_its_cause(tmp_path: Path) -> None:
    folder = tmp_path / "empty"
    HybridIndex.create(f"embedded:{folder}", schema=SCHEMA, encoder=None).close()
    (folder / "documents.bin").unlink()
    (folder / "documents.bin").symlink_to("/dev/full")
    told = (f"the disk refused a write to {folder}", "at its last commit", "make room")
    refused(lambda: add(folder), *told, because="No space left on device")
