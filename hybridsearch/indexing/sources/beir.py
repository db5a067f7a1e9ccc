"""A BEIR folder: `corpus.jsonl`, packed or not, with a document's metadata in one object."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hybridsearch.indexing.records import Located, Unreadable
from hybridsearch.indexing.sources.bytes import FileReading
from hybridsearch.indexing.sources.jsonl import read_jsonl

NAMES = ("corpus.jsonl", "corpus.jsonl.gz", "corpus.jsonl.zst")


def corpus_file(folder: Path) -> Path | None:
    """The folder's corpus, None where it has none."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read_corpus(path: Path, reading: FileReading) -> Iterator[Located | Unreadable]:
    """The documents, with the entries of `metadata` as fields of their own."""
    for record in read_jsonl(path, reading):
        if isinstance(record, Located) and isinstance(record.document.get("metadata"), dict):
            fields = {key: value for key, value in record.document.items() if key != "metadata"}
            # An id in there is a field of the collection, and must not become the document's.
            entries = {
                key: value
                for key, value in record.document["metadata"].items()
                if key not in {"id", "_id"}
            }
            yield Located(record.place, {**entries, **fields})
        else:
            yield record
