"""Documents that wait to be written: they come back as they went in."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import pytest
from vectors import random_units

from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
from hybridsearch.engines.sheets import Sheet, SheetsAndOthers
from hybridsearch.indexing.documents import Documents


def passages(count: int, digest: str | None = None) -> PassageVectors:
    return PassageVectors(np.full((count, 2), -1, np.int32), random_units(count, dims=4), digest)


GIVEN: list[WriteDocument | DeleteDocument] = [
    WriteDocument("no vector", {"title": "x"}, {}, "0" * 32),
    WriteDocument("one", {}, {"dense": passages(1)}, None, 7, (3, 1)),
    WriteDocument("two", {}, {"dense": passages(3), "other": passages(2, "d" * 32)}, "1" * 32),
    DeleteDocument("gone"),
    DeleteDocument("gone since", 0),
]


@pytest.mark.parametrize("given", GIVEN, ids=lambda given: given.id)
def test_each_comes_back_as_it_went_in(given: WriteDocument | DeleteDocument) -> None:
    documents = Documents()
    documents[given.id] = given
    for found in (documents[given.id], documents.listed()[0], *documents.listed()[:1]):
        assert type(found) is type(given)
        assert (found.id, found.version) == (given.id, given.version)
        if isinstance(given, WriteDocument):
            assert isinstance(found, WriteDocument)
            assert found.fields is given.fields
            assert (found.digest, found.state) == (given.digest, given.state)
            assert list(found.vectors) == list(given.vectors)
            for name, one in given.vectors.items():
                assert found.vectors[name].spans is one.spans
                assert found.vectors[name].vectors is one.vectors
                assert found.vectors[name].digest == one.digest


def test_they_keep_their_order_and_a_list_of_them_does_not_change() -> None:
    documents = Documents()
    for given in GIVEN:
        documents[given.id] = given
    assert documents.passages == 6
    listed = documents.listed()
    documents["one"] = DeleteDocument("one", 8)
    del documents["two"]
    assert [given.id for given in listed] == [given.id for given in GIVEN]
    assert isinstance(listed[1], WriteDocument)
    assert list(documents) == ["no vector", "one", "gone", "gone since"]
    assert "two" not in documents
    assert documents["one"] == DeleteDocument("one", 8)
    assert documents.passages == 0


def sheet(*ids: str) -> Sheet:
    texts = [f"title of {id}" for id in ids]
    spans = np.array([[0, len(text)] for text in texts], np.int32)
    vectors = random_units(len(ids), dims=4)
    return Sheet(
        ids, ("title",), [texts], {"dense": vectors}, {"dense": spans}, [*map(digest, ids)]
    )


def digest(id: str) -> str:
    return id.rjust(32, "0")


def told(document: WriteDocument | DeleteDocument) -> Any:
    if isinstance(document, DeleteDocument):
        return document
    vectors = [
        (name, one.spans.tolist(), one.vectors.tolist()) for name, one in document.vectors.items()
    ]
    return document.id, document.fields, vectors, document.digest, document.version


def test_those_of_sheets_are_there_like_the_others() -> None:
    documents, first, second = Documents(), sheet("a", "b"), sheet("c", "d", "e")
    documents.add(first)
    documents["one"] = GIVEN[1]
    documents.add(second)
    assert list(documents) == ["a", "b", "one", "c", "d", "e"]
    assert documents.passages == 6
    assert told(documents["d"]) == told(second.document(1))
    listed = documents.listed()
    assert isinstance(listed, SheetsAndOthers)
    assert listed.sheets == [first, second]
    assert [one.id for one in listed] == ["a", "b", "c", "d", "e", "one"]
    assert [listed[at].id for at in range(-6, 6)] == [*"abcde", "one"] * 2
    assert [one.id for one in listed[1:4]] == ["b", "c", "d"]
    for beyond in (6, -7):
        with pytest.raises(IndexError):
            listed[beyond]


def test_a_sheet_that_something_is_taken_out_of_is_a_sheet_no_more() -> None:
    documents, whole, torn = Documents(), sheet("a", "b"), sheet("c", "d", "e")
    documents.add(whole)
    documents.add(torn)
    del documents["d"]
    documents["e"] = DeleteDocument("e", 3)
    assert documents.passages == 3
    assert len(documents) == 4
    listed = documents.listed()
    assert isinstance(listed, SheetsAndOthers)
    assert listed.sheets == [whole]
    assert {one.id: told(one) for one in listed.others} == {
        "c": told(torn.document(0)),
        "e": DeleteDocument("e", 3),
    }
    assert documents.passages == 3
    del documents["a"]
    assert [one.id for one in documents.listed()] == ["c", "e", "b"]
    assert documents.passages == 2


def test_a_sheet_that_all_is_taken_out_of_is_held_no_longer() -> None:
    documents, torn = Documents(), sheet("a", "b")
    documents.add(torn)
    vectors = weakref.ref(torn.vectors["dense"])
    del torn, documents["a"], documents["b"]
    assert not documents.listed()
    assert vectors() is None
    assert documents.passages == 0
