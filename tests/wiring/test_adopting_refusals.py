"""What cannot be adopted, and with what: refused, with the reason, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_indices import (
    NOTES_SCHEMA,
    Foreign,
    notes,
    of_notes,
    vector_field,
)

from hybridsearch import HybridIndex
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import (
    ConfigurationError,
    EncoderMismatchError,
    MappingMismatchError,
    UnknownNameError,
)
from hybridsearch.wiring.adoption.adopt import adopt
from hybridsearch.wiring.adoption.wanted import Wanted


def test_what_cannot_serve_is_refused_and_says_why(foreign: Foreign) -> None:
    foreign.make({**of_notes(foreign.product, "l2"), "place": {"type": "geo_point"}})
    foreign.fill(notes(20, longer=True))
    told = {field.name: field for field in adopt(foreign.target, dry_run=True).fields}
    assert told["vector"].serves is None
    assert "not of unit length" in told["vector"].remark
    with pytest.raises(ConfigurationError, match=r"cannot serve as vector: .*unit length"):
        adopt(foreign.target, Wanted(vectors=["vector"]))
    with pytest.raises(ConfigurationError, match=r"place \(geo_point\) cannot serve as metadata"):
        adopt(foreign.target, Wanted(metadata=["place"]))
    with pytest.raises(ConfigurationError, match="it can serve as text"):
        adopt(foreign.target, Wanted(metadata=["text"]))
    with pytest.raises(UnknownNameError, match="did you mean 'text'"):
        adopt(foreign.target, Wanted(text=["texts"]))
    with pytest.raises(ConfigurationError, match="by which encoder"):
        adopt(foreign.target, Wanted(vectors=["new"]))


def test_an_encoder_has_to_be_the_one_that_made_the_vectors(
    foreign: Foreign, tiny: Encoder, tiny_model: Path
) -> None:
    field = vector_field(foreign.product, "cosine")
    dims = "dims" if foreign.product == "elasticsearch" else "dimension"
    field[dims] = tiny.dims
    foreign.make({"title": {"type": "text"}, "text": {"type": "text"}, "vector": field})
    given = [note for note in notes(40) if len(note["text"]) < 100][:12]
    vectors = tiny.encode_documents([note["text"] for note in given])
    foreign.fill(
        {"_id": note["_id"], "title": note["_id"], "text": note["text"], "vector": vector.tolist()}
        for note, vector in zip(given, vectors, strict=True)
    )
    name = f"transformers:{tiny_model}"
    with pytest.raises(EncoderMismatchError, match="median of 8 documents"):
        adopt(foreign.target, Wanted(encoder=name, embeds=["title"]))
    adopt(foreign.target, Wanted(encoder=name, embeds=["text"]))
    with HybridIndex.open(foreign.target) as index:
        best = index.search(given[3]["text"], retrievers=["dense"], explain=True).hits[0]
        assert best.id == given[3]["_id"]
        assert best.ledger["dense"].score == pytest.approx(1.0, abs=1e-3)
        index.add([{"id": "new", "title": "", "text": given[5]["text"]}])
    there = foreign.source("new")
    assert there["vector"] == pytest.approx(vectors[5].tolist(), abs=1e-4)


def test_a_field_that_has_gone_since_is_told_when_it_is_opened(foreign: Foreign) -> None:
    foreign.make(of_notes(foreign.product, "cosine"))
    foreign.fill(notes(3))
    adopt(foreign.target)
    meta = foreign.mapping["_meta"]
    foreign.delete()
    foreign.make({"text": {"type": "text"}})
    foreign.ask("PUT", "/_mapping", {"_meta": meta})
    with pytest.raises(MappingMismatchError, match=r"vector is missing.*adopt it again"):
        HybridIndex.open(foreign.target)


def test_an_index_that_was_made_here_or_lies_in_a_folder_is_not_adopted(
    foreign: Foreign, tmp_path: Path
) -> None:
    with HybridIndex.create(foreign.target, schema=NOTES_SCHEMA, encoder=None):
        pass
    with pytest.raises(ConfigurationError, match="was made by hybridsearch"):
        adopt(foreign.target)
    with pytest.raises(ConfigurationError, match="nothing to adopt at embedded:"):
        adopt(f"embedded:{tmp_path}")
