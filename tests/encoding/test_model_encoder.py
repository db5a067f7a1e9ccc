"""The encoder around a model: batching, limits, progress and what it refuses."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.model_encoder import Batch, Computed, Run
from hybridsearch.encoding.overflow import query_overflow
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import EncoderError


def some_texts(count: int) -> list[str]:
    choose = random.Random(4)
    words = ["the", "words", "of", "a", "document", "unheard", "automobiles", "7", "vectors"]
    return [" ".join(choose.choices(words, k=choose.randint(1, 40))) for _ in range(count)]


def test_batching_changes_nothing(tiny: Encoder) -> None:
    texts = some_texts(60)
    one_by_one = np.concatenate([tiny.encode_documents([text]) for text in texts])
    np.testing.assert_allclose(tiny.encode_documents(texts), one_by_one, atol=1e-5)


def test_equal_texts_are_encoded_once(tiny: Encoder) -> None:
    seen: list[tuple[int, int]] = []
    vectors = tiny.encode_documents(
        ["scores", "vectors", "scores"], progress=lambda *done: seen.append(done)
    )
    assert seen == [(2, 2)]
    assert (vectors[0] == vectors[2]).all()


def test_progress_counts_up_to_all(tiny_model: Path) -> None:
    encoder = load_encoder(f"transformers:{tiny_model}", device="cpu", batch_tokens=200)
    seen: list[tuple[int, int]] = []
    texts = list(dict.fromkeys(some_texts(40)))
    encoder.encode_documents(texts, progress=lambda *done: seen.append(done))
    assert len(seen) > 3
    assert seen == sorted(seen)
    assert seen[-1] == (len(texts), len(texts))


def test_a_batch_is_started_before_the_vectors_of_the_one_before_are_waited_for(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(f"transformers:{tiny_model}", device="cpu", batch_tokens=50)
    texts = ["words " * length for length in (40, 35, 30)]
    expected = encoder.encode_documents(texts)
    run: Run = encoder._run  # type: ignore[attr-defined]
    seen: list[str] = []

    def noted(batch: Batch) -> Computed:
        seen.append(f"start {len(batch.numbers[0]) - 2}")
        computed = run(batch)

        def wait() -> NDArray[np.floating]:
            seen.append(f"wait {len(batch.numbers[0]) - 2}")
            return computed()

        return wait

    monkeypatch.setattr(encoder, "_run", noted)
    assert (encoder.encode_documents(texts) == expected).all()
    assert seen == ["start 40", "start 35", "wait 40", "start 30", "wait 35", "wait 30"]


def test_failure_that_shows_when_vectors_are_waited_for_says_what_was_encoded(
    tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = load_encoder(f"transformers:{tiny_model}", device="cpu")

    def failing(_: Batch) -> Computed:
        def wait() -> NDArray[np.floating]:
            raise RuntimeError("out of memory\nand more")

        return wait

    monkeypatch.setattr(encoder, "_run", failing)
    with pytest.raises(EncoderError, match="1 texts of up to 4 word pieces: out of memory"):
        encoder.encode_documents(["words words"])


def test_no_texts_give_no_vectors(tiny: Encoder) -> None:
    assert tiny.encode_documents([]).shape == (0, 32)
    assert tiny.encode_queries([]).shape == (0, 32)
    assert tiny.word_pieces([]) == []


def test_document_at_the_limit_is_read_and_one_beyond_is_refused(tiny: Encoder) -> None:
    limit = tiny.token_limit
    tiny.encode_documents(["words " * limit])
    with pytest.raises(EncoderError, match=f"position 1 .* {limit + 1} word pieces.*most {limit}"):
        tiny.encode_documents(["short", "words " * (limit + 1)])


def test_query_beyond_the_limit_is_read_up_to_it_and_says_so(tiny: Encoder) -> None:
    fits = "words " * tiny.query_limit
    beyond = fits + "vectors scores"
    assert query_overflow(tiny, ["words", fits, beyond]) == [0, 0, 2]
    np.testing.assert_allclose(
        tiny.encode_queries([beyond]), tiny.encode_queries([fits.strip()]), atol=1e-6
    )


def test_word_pieces_of_a_long_text_are_not_truncated(
    tiny: Encoder, capfd: pytest.CaptureFixture[str]
) -> None:
    text = "words of scores. " * 5_000
    pieces = tiny.word_pieces([text, "", "a b"])
    assert [len(offsets) for offsets in pieces] == [20_000, 0, 2]
    assert {text[start:end] for start, end in pieces[0]} == {"words", "of", "scores", "."}
    assert capfd.readouterr() == ("", "")


def test_half_a_surrogate_pair_does_not_stop_encoding(tiny: Encoder) -> None:
    assert tiny.encode_documents(["words \ud83d scores"]).shape == (1, 32)
    assert tiny.word_pieces(["words \ud83d scores"])[0][-1].tolist() == [8, 14]


@pytest.mark.parametrize("texts", ["one text", ["words", None], [b"bytes"]])
def test_other_things_than_lists_of_text_are_refused(tiny: Encoder, texts: list[str]) -> None:
    with pytest.raises(EncoderError, match="text"):
        tiny.encode_documents(texts)


def test_prompt_that_leaves_no_room_is_refused(tiny_model: Path) -> None:
    with pytest.raises(EncoderError, match="leaves no room"):
        load_encoder(str(tiny_model), query_prompt="words " * 130)


def test_model_that_gives_no_numbers_is_refused(tiny_model: Path, tmp_path: Path) -> None:
    import shutil

    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(tiny_model, tmp_path / "broken")
    weights = load_file(folder / "model.safetensors")
    weights["embeddings.LayerNorm.weight"].fill_(float("nan"))
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(EncoderError, match="no usable vector"):
        load_encoder(str(folder))
