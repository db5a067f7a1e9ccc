"""Documents in and out: add, replace, get, delete, count."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from vectors import random_units, unit

from hybridsearch import AsyncHybridIndex, Document, HybridIndex, Schema
from hybridsearch.errors import (
    EngineError,
    IndexExistsError,
    IndexNotFoundError,
    QueryError,
    SchemaError,
)


def book(id: str, **fields: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": f"book {id}",
        "dense": unit(1, int(id) if id.isdigit() else 0),
        **fields,
    }


def test_added_documents_come_back_as_they_were_given(make: Any) -> None:
    given = {"title": "Ærø ☃", "body": "text", "lang": "da", "extra": {"kept": [1, None, "x"]}}
    index = make([{"id": "é/1 ☃", **given, "dense": unit(1)}])
    got = index.get("é/1 ☃")
    assert got is not None
    assert got.id == "é/1 ☃"
    assert got.fields == given


def test_get_of_an_unknown_id_is_none(make: Any) -> None:
    assert make([book("1")]).get("2") is None


def test_documents_and_dicts_with_id_or_underscore_id_are_the_same(make: Any) -> None:
    index = make(
        [
            Document("a", {"title": "one"}, {"dense": unit(1)}),
            {"id": "b", "title": "one", "dense": unit(1)},
            {"_id": "c", "title": "one", "dense": unit(1).tolist()},
        ]
    )
    hits = index.search("one", vector=unit(1)).hits
    assert [hit.id for hit in hits] == ["a", "b", "c"]
    assert len({hit.score for hit in hits}) == 1


def test_add_streams_a_generator_and_reports_counts(make: Any) -> None:
    index = make()
    report = index.add(book(str(number)) for number in range(1200))
    assert (report.indexed, report.failed, report.replaced, report.duplicates) == (1200, 0, 0, 0)
    assert report.passages == 1200
    assert report.seconds > 0
    assert report.dead_letters is None
    assert index.count() == 1200


def test_add_replaces_documents_with_the_same_id(make: Any) -> None:
    index = make([book("1", body="old words"), book("2")])
    report = index.add([book("1", body="new")])
    assert (report.indexed, report.replaced, report.duplicates) == (1, 1, 0)
    assert index.count() == 2
    assert index.get("1").fields["body"] == "new"
    assert not index.search("old", retrievers=["lexical"]).hits
    assert [hit.id for hit in index.search("new", retrievers=["lexical"]).hits] == ["1"]


def test_replaced_vectors_are_found_by_the_new_one_only(make: Any) -> None:
    index = make([{"id": "1", "title": "x", "dense": unit(1)}])
    index.add([{"id": "1", "title": "x", "dense": unit(0, 1)}])
    hits = index.search(vector=unit(1), retrievers=["dense"], explain=True).hits
    assert [hit.id for hit in hits] == ["1"]
    assert hits[0].ledger["dense"].score == pytest.approx(0.0, abs=1e-6)


def test_of_equal_ids_in_one_source_the_last_wins_and_is_counted(make: Any) -> None:
    index = make()
    source = [book(str(n % 700), body=f"version {n}") for n in range(1500)]
    report = index.add(source)
    assert (report.indexed, report.duplicates, report.replaced) == (700, 800, 0)
    assert index.count() == 700
    assert index.get("0").fields["body"] == "version 1400"
    assert index.get("699").fields["body"] == "version 1399"


def test_delete_removes_documents_and_counts_those_that_were_there(make: Any) -> None:
    index = make([book(str(n)) for n in range(10)])
    assert index.delete(["1", "2", "2", "nothing"]) == 2
    assert index.delete("1") == 0
    assert index.count() == 8
    assert index.get("1") is None
    found = {hit.id for hit in index.search("book", vector=unit(1, 1), k=10).hits}
    assert found == {"0", "3", "4", "5", "6", "7", "8", "9"}


def test_a_deleted_document_can_be_added_again(make: Any) -> None:
    index = make([book("1")])
    index.delete("1")
    assert index.add([book("1")]).replaced == 0
    assert index.count() == 1


@pytest.mark.parametrize(
    ("id", "message"),
    [
        (1, "must be a string, not 1"),
        (None, "must be a string, not None"),
        (b"1", "must be a string, not b'1'"),
        ("\ud800", "not valid Unicode"),
    ],
)
def test_ids_that_are_no_text_are_refused(make: Any, id: Any, message: str) -> None:
    index = make([book("1")])
    with pytest.raises(QueryError, match=message):
        index.delete(["1", id])
    with pytest.raises(QueryError, match=message):
        index.get(id)
    assert index.count() == 1


@pytest.mark.parametrize("ids", [5, None, b"1"])
async def test_what_names_no_documents_deletes_none(make: Any, target: str, ids: Any) -> None:
    index = make([book("1"), book("49")])
    with pytest.raises(QueryError, match="ids must be strings, one or an iterable of them, not"):
        index.delete(ids)
    async with await AsyncHybridIndex.open(target) as opened:
        with pytest.raises(QueryError, match="ids must be strings"):
            await opened.delete(ids)
    assert index.count() == 2


def test_documents_stay_when_the_index_is_opened_again(make: Any, target: str) -> None:
    index = make([book(str(n)) for n in range(50)])
    before = index.search("book 7", vector=unit(1, 7), k=20)
    index.close()
    with HybridIndex.open(target) as again:
        assert again.count() == 50
        after = again.search("book 7", vector=unit(1, 7), k=20)
        assert [(h.id, h.score) for h in after.hits] == [(h.id, h.score) for h in before.hits]


def test_an_empty_index_answers(make: Any) -> None:
    index = make()
    assert index.count() == 0
    response = index.search("anything", vector=unit(1))
    assert response.hits == ()
    assert response.candidates == {"lexical": 0, "dense": 0}
    assert index.get("1") is None
    assert index.delete("1") == 0


def test_creating_over_an_index_is_refused(make: Any, target: str, schema: Schema) -> None:
    make()
    with pytest.raises(IndexExistsError, match="open it"):
        HybridIndex.create(target, schema=schema, encoder=None)


def test_opening_what_is_not_there_says_how_to_make_it(target: str) -> None:
    with pytest.raises(IndexNotFoundError, match="hybridsearch index"):
        HybridIndex.open(target)


def test_a_closed_index_says_so(make: Any) -> None:
    index = make([book("1")])
    index.close()
    with pytest.raises(EngineError, match="closed"):
        index.search("book", vector=unit(1))


def test_without_an_encoder_the_schema_must_say_dims(target: str) -> None:
    with pytest.raises(SchemaError, match="dims"):
        HybridIndex.create(target, schema=Schema(text=["title"]), encoder=None)


def test_an_index_without_vectors_is_a_lexical_one(make: Any) -> None:
    index = make([{"id": "1", "title": "only words"}], schema=Schema(text=["title"], dense={}))
    response = index.search("words")
    assert [hit.id for hit in response.hits] == ["1"]
    assert response.candidates == {"lexical": 1}


def test_an_index_without_text_is_a_dense_one(make: Any) -> None:
    schema = Schema(dense={"dense": {"embeds": [], "dims": 8}})
    index = make([{"id": "1", "dense": unit(1)}, {"id": "2", "dense": unit(0, 1)}], schema=schema)
    assert [hit.id for hit in index.search(vector=unit(0, 1)).hits] == ["2", "1"]


def test_matrices_are_the_passages_of_a_document(make: Any) -> None:
    passages = np.stack([unit(1), unit(0, 1), unit(0, 0, 1)])
    index = make([{"id": "many", "title": "x", "dense": passages}, book("1")])
    assert index.info().passages == {"dense": 4}
    hit = index.search(vector=unit(0, 1), retrievers=["dense"], passages=2, explain=True).hits[0]
    assert hit.id == "many"
    assert hit.ledger["dense"].score == pytest.approx(1.0, abs=1e-6)
    assert [passage.score for passage in hit.passages] == pytest.approx([1.0, 0.0], abs=1e-6)


def test_info_tells_what_is_there(make: Any, target: str) -> None:
    info = make([book("1"), book("2")]).info()
    assert info.target == target
    assert info.documents == 2
    assert info.passages == {"dense": 2}
    assert info.encoder is None
    assert info.schema.dense["dense"].dims == 8


def test_refused_vectors_name_the_document_and_the_rest_is_indexed(make: Any) -> None:
    index = make()
    good = random_units(2)
    report = index.add(
        [
            {"id": "short", "title": "x", "dense": [1.0, 0.0]},
            {"id": "nan", "title": "x", "dense": [float("nan")] * 8},
            {"id": "zero", "title": "x", "dense": [0.0] * 8},
            {"id": "long", "title": "x", "dense": (unit(1) * 3).tolist()},
            {"id": "good", "title": "x", "dense": good[0]},
        ]
    )
    assert (report.indexed, report.failed) == (1, 4)
    assert [failure.id for failure in report.failures] == ["short", "nan", "zero", "long"]
    assert all("dense" in failure.reason for failure in report.failures)
    assert index.count() == 1


def test_vectors_are_normalised_when_asked(make: Any) -> None:
    index = make()
    report = index.add([{"id": "1", "title": "x", "dense": unit(3, 4) * 7}], normalise_vectors=True)
    assert report.indexed == 1
    hit = index.search(vector=unit(3, 4), retrievers=["dense"], explain=True).hits[0]
    assert hit.ledger["dense"].score == pytest.approx(1.0, abs=1e-6)


def test_all_that_a_source_gave_before_it_broke_is_there_and_whole(make: Any) -> None:
    index = make([book("1")])

    def failing() -> Any:
        yield from (book(str(n)) for n in range(2, 900))
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke") as raised:
        index.add(failing())
    assert raised.value.__notes__[0].startswith("898 documents are stored and stay")
    hits = index.search("book", k=1000, window=1000, retrievers=["lexical"], explain=True).hits
    assert index.count() == len(hits) == 899
    assert all(hit.fields["title"] == f"book {hit.id}" for hit in hits)
    assert index.info().passages == {"dense": len(hits)}


@pytest.fixture(scope="module")
def empty(make_shared: Any) -> HybridIndex:
    made: HybridIndex = make_shared()
    return made


@pytest.mark.parametrize("one", [{"id": "1", "title": "x"}, Document("1", {}), "text", None, 3])
def test_a_single_document_in_place_of_many_is_told(empty: HybridIndex, one: Any) -> None:
    with pytest.raises(QueryError, match="put a single document into a list"):
        empty.add(one)
