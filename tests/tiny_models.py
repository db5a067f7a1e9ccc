"""Tiny random models on disk, in the layout that sentence-transformers gives real ones."""

from __future__ import annotations

import json
import re
import string
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import torch
from transformers import MPNetConfig, MPNetModel, MPNetTokenizer

from hybridsearch.encoding.quiet import quiet_loading

ENGLISH: Final = """
Hybrid search blends the scores of a lexical retriever with those of a dense one. The lexical
retriever counts words: a document that holds the words of the query, and few others do, comes
first. The dense retriever compares vectors, so that a text about cars answers a query about
automobiles. Neither is always right. A name, a number or a part of a machine is found by its
letters; a question in other words than the answer is found by its meaning. When the two agree,
the answer is most likely good, and when they do not, a person may want to know which of them
put a document where it is, and why.
"""
"""Words of this text are single word pieces of the tiny tokenizer; others fall into letters."""

_SPECIAL: Final = ("<s>", "<pad>", "</s>", "<unk>", "[UNK]")


def build_tiny_mpnet(
    folder: Path,
    dims: int = 32,
    layers: int = 2,
    max_seq_length: int = 128,
    *,
    prompts: Mapping[str, str] | None = None,
    pooling: str = "mean",
    normalize: bool = True,
    seed: int = 20,
) -> Path:
    """Write an MPNet with random weights, its tokenizer and its modules; the folder it is in.

    The same arguments give the same weights. Texts that share words get similar vectors: the
    positions weigh little.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vocabulary = _vocabulary()
    with quiet_loading():
        MPNetTokenizer(vocab=vocabulary, model_max_length=512).save_pretrained(folder)
        _network(dims, layers, len(vocabulary), max_seq_length, seed).save_pretrained(folder)
    modules = [("", "Transformer"), ("1_Pooling", "Pooling")]
    modules += [("2_Normalize", "Normalize")] if normalize else []
    write_json(
        folder / "modules.json",
        [
            {
                "idx": index,
                "name": str(index),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for index, (path, kind) in enumerate(modules)
        ],
    )
    write_json(
        folder / "1_Pooling" / "config.json",
        {
            "word_embedding_dimension": dims,
            "pooling_mode_cls_token": pooling == "cls",
            "pooling_mode_mean_tokens": pooling == "mean",
            "pooling_mode_max_tokens": pooling == "max",
            "pooling_mode_mean_sqrt_len_tokens": pooling == "mean_sqrt_len_tokens",
        },
    )
    write_json(
        folder / "sentence_bert_config.json",
        {"max_seq_length": max_seq_length, "do_lower_case": False},
    )
    write_json(folder / "config_sentence_transformers.json", {"prompts": dict(prompts or {})})
    return folder


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2), encoding="utf-8")


def _vocabulary() -> dict[str, int]:
    words = sorted(set(re.findall(r"[a-z]+", ENGLISH.lower())))
    letters = string.ascii_lowercase + string.digits
    characters = [*letters, *string.punctuation]
    pieces = [*_SPECIAL, *words, *characters, *(f"##{letter}" for letter in letters), "<mask>"]
    return {piece: number for number, piece in enumerate(dict.fromkeys(pieces))}


def _network(dims: int, layers: int, words: int, max_seq_length: int, seed: int) -> MPNetModel:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = MPNetModel(
            MPNetConfig(
                vocab_size=words,
                hidden_size=dims,
                num_hidden_layers=layers,
                num_attention_heads=4,
                intermediate_size=2 * dims,
                max_position_embeddings=max_seq_length + 2,
            )
        ).eval()
        with torch.no_grad():
            network.embeddings.position_embeddings.weight *= 0.1
    return network
