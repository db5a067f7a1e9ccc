"""Documents that wait to be written: they come back as they went in."""

from __future__ import annotations

import numpy as np
import pytest
from vectors import random_units

from hybridsearch.engines.calls import DeleteDocument, PassageVectors, WriteDocument
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
