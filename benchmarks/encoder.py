"""The encoder, at the default model's size, beside `SentenceTransformer.encode`.

    python benchmarks/encoder.py [--device cuda] [--texts 2048] [--queries 100] [--rounds 5]

The model is an MPNet of 12 layers and 768 dimensions with random weights, made here: what a model
has learnt changes nothing about its speed. Its tokenizer is a real one, over words that are made
up. Texts and vectors begin and end in the memory of the host, in float32.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

import numpy as np
from data import say
from machine import describe
from numpy.typing import NDArray
from timing import interleaved, latency_table, table

from hybridsearch.encoding.answer import answer
from hybridsearch.encoding.calls import EncodedDocuments, EncodeDocuments
from hybridsearch.encoding.load import load_encoder
from hybridsearch.encoding.passages import passages
from hybridsearch.encoding.protocol import Encoder
from hybridsearch.encoding.quiet import quiet_loading
from hybridsearch.indexing.flow import BATCH_DOCUMENTS

WINDOW = 250
AT_ONCE = 16
SYLLABLES = [head + vowel for head in "bdfghjklmnprstvwz" for vowel in "aeiou"]
PIECES = 30_527
"""Of MPNet's vocabulary."""

Encode = Callable[[list[str]], NDArray[np.float32]]


def words() -> list[str]:
    """The words that are word pieces of their own."""
    draw = np.random.default_rng(1)
    drawn = ("".join(draw.choice(SYLLABLES, draw.integers(2, 5))) for _ in range(30_000))
    return list(dict.fromkeys(drawn))


def build(folder: Path, layers: int) -> Path:
    """Write the model and its tokenizer: a bare transformer, whose tokens are averaged."""
    import torch
    from transformers import MPNetConfig, MPNetModel, MPNetTokenizer

    inner = (f"##{syllable}" for syllable in SYLLABLES)
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "[UNK]", ".", *SYLLABLES, *inner, *words()]
    vocabulary = {piece: number for number, piece in enumerate([*pieces[: PIECES - 1], "<mask>"])}
    torch.manual_seed(20)
    configuration = MPNetConfig(
        vocab_size=PIECES, num_hidden_layers=layers, max_position_embeddings=514
    )
    with quiet_loading():
        MPNetTokenizer(vocab=vocabulary, model_max_length=512).save_pretrained(folder)
        MPNetModel(configuration).save_pretrained(folder)
    return folder


def texts(encoder: Encoder, lengths: Sequence[int], seed: int) -> list[str]:
    """Texts of so many word pieces: sentences of words, one in seven of them in several pieces."""
    draw = np.random.default_rng(seed)
    known = words()[:20_000]
    made = []
    for length in lengths:
        chosen = draw.choice(known, length).tolist()
        for place in np.flatnonzero(draw.random(length) < 1 / 7).tolist():
            chosen[place] = "".join(draw.choice(SYLLABLES, 6))
        for place in range(12, length, 14):
            chosen[place] += "."
        made.append(" ".join(chosen))
    return [
        text[: pieces[length - 1, 1]]
        for text, pieces, length in zip(made, encoder.word_pieces(made), lengths, strict=True)
    ]


def as_add_does(encoder: Encoder, documents: list[str]) -> NDArray[np.float32]:
    """Documents cut into passages and encoded, as many a time as indexing takes."""
    found: list[NDArray[np.float32]] = []
    for start in range(0, len(documents), BATCH_DOCUMENTS):
        batch = documents[start : start + BATCH_DOCUMENTS]
        for reply in answer(encoder, [EncodeDocuments(batch, WINDOW, 0)]):
            if isinstance(reply, EncodedDocuments):
                found += reply.vectors
    return np.concatenate(found)


def library_of(folder: Path, device: str) -> Callable[[int], Encode]:
    """`SentenceTransformer.encode` with a size of batches."""
    from sentence_transformers import SentenceTransformer

    with quiet_loading():
        model = SentenceTransformer(str(folder), device=device)

    def encode(batch_size: int, given: list[str]) -> NDArray[np.float32]:
        vectors: NDArray[np.float32] = model.encode(
            given, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False
        )
        return vectors

    return lambda batch_size: partial(encode, batch_size)


def rates(
    encoders: Mapping[str, Encoder],
    library: Callable[[int], Encode],
    documents: list[str],
    rounds: int,
) -> str:
    """Passages a second, by how they are encoded."""
    encoder = next(iter(encoders.values()))
    ranges = passages(encoder, documents, WINDOW)
    parts = [text[a:b] for text, cut in zip(documents, ranges, strict=True) for a, b in cut]
    mean = np.mean([len(pieces) for pieces in encoder.word_pieces(parts)])
    cases: dict[str, Callable[[int], object]] = {}
    for name, one in encoders.items():
        cases[f"{name}, as `add` does"] = _again(partial(as_add_does, one), documents)
        cases[f"{name}, in one call"] = _again(one.encode_documents, parts)
    for size in (32, 256):
        cases[f"`SentenceTransformer.encode`, batch {size}"] = _again(library(size), parts)
    samples = interleaved(cases, rounds=rounds, calls=1)
    rows = [
        [name, *(f"{len(parts) / ms * 1e3:,.0f}" for ms in (sample.percentile(50), sample.best))]
        for name, sample in samples.items()
    ]
    head = f"{len(parts):,} passages of {mean:.0f} word pieces, a second"
    return table([head, "median", "best"], rows)


def queries(
    encoders: Mapping[str, Encoder], library: Callable[[int], Encode], calls: int, rounds: int
) -> str:
    """Milliseconds for one query, and for several that are asked at the same time."""
    encoder = next(iter(encoders.values()))
    lengths = np.random.default_rng(3).integers(3, 13, (rounds + 1) * calls + AT_ONCE).tolist()
    asked = texts(encoder, lengths, seed=4)
    ways: dict[str, Encode] = {name: one.encode_queries for name, one in encoders.items()}
    ways["`SentenceTransformer.encode`"] = library(32)
    cases: dict[str, Callable[[int], object]] = {}
    for several in (1, AT_ONCE):
        for name, way in ways.items():
            named = f"{name}, {several} at once" if several > 1 else name
            cases[named] = _next(way, asked, several)
    return latency_table(interleaved(cases, rounds=rounds, calls=calls))


def _again(encode: Callable[[list[str]], object], given: list[str]) -> Callable[[int], object]:
    """A case that encodes the same texts each time."""
    return lambda _: encode(given)


def _next(
    encode: Callable[[list[str]], object], asked: list[str], several: int
) -> Callable[[int], object]:
    """A case that encodes other texts each time, so many."""
    return lambda number: encode(asked[number : number + several])


def difference(encoders: Mapping[str, Encoder], library: Encode, given: list[str]) -> float:
    """By how much a component of a vector differs at most from the library's."""
    expected = library(given)
    return max(
        float(np.abs(one.encode_documents(given) - expected).max()) for one in encoders.values()
    )


def machine(device: str) -> str:
    """What `describe` says, and the accelerator."""
    import torch

    lines = [describe(), f"- sentence-transformers {version('sentence-transformers')}"]
    if device.startswith("cuda"):
        lines.append(f"- {torch.cuda.get_device_name(device)}, CUDA {torch.version.cuda}")
    return "\n".join(lines)


def main() -> None:
    """Make the model, then measure documents of two kinds and queries."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--device", default="cpu", help="cpu, cuda or mps")
    parser.add_argument("--texts", type=int, default=2048, help="short ones; long ones are a tenth")
    parser.add_argument("--queries", type=int, default=100, help="a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--layers", type=int, default=12, help="fewer, to try the script")
    options = parser.parse_args()
    os.environ["HF_HUB_OFFLINE"] = "1"
    with tempfile.TemporaryDirectory() as temporary:
        say("making the model")
        folder = build(Path(temporary), options.layers)
        encoders = {
            "hybridsearch": load_encoder(str(folder), device=options.device),
            "hybridsearch, `transformers:`": load_encoder(
                f"transformers:{folder}", device=options.device
            ),
        }
        library = library_of(folder, options.device)
        encoder = encoders["hybridsearch"]
        mixed = np.random.default_rng(5).integers(12, 191, options.texts).tolist()
        short = texts(encoder, mixed, seed=6)
        long = texts(encoder, [2_400] * max(1, options.texts // 10), seed=7)
        print(f"## Encoder, measured on {datetime.now(UTC):%Y-%m-%d}\n\n{machine(options.device)}")
        for documents in (short, long):
            say("documents")
            print(f"\n{rates(encoders, library, documents, options.rounds)}", flush=True)
        say("queries")
        print(f"\n{queries(encoders, library, options.queries, options.rounds)}")
        apart = difference(encoders, library(32), short[:256])
        print(f"\nNo component of a vector is further than {apart:.0e} from the library's.")


if __name__ == "__main__":
    main()
