"""How a model folder says its vectors are made: modules, pooling, prompts and length."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from hybridsearch.errors import EncoderError

__all__ = ["ModelConfiguration", "read_configuration"]

_POOLING_FLAGS: Final = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len_tokens",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}
_DOCUMENT_PROMPTS: Final = ("document", "passage", "corpus")

# These count positions from after the padding token's, so fewer can be used than there are.
_OFFSET_POSITIONS: Final = {"camembert", "data2vec-text", "mpnet", "roberta", "xlm-roberta"}

# Without any limit in the files (static embeddings, relative positions): no practical one.
_UNLIMITED: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class ModelConfiguration:
    """What the files of a sentence-transformers folder say, with its defaults where they do not.

    `modules` are the types and subfolders in order; `pooling` joins modes with `+`;
    `max_seq_length` counts word pieces with special tokens.
    """

    modules: tuple[tuple[str, str], ...]
    pooling: str
    normalised: bool
    max_seq_length: int
    query_prompt: str
    document_prompt: str
    include_prompt: bool
    lower_case: bool

    @property
    def description(self) -> str:
        """Pooling and whatever else lies between the transformer and the vector."""
        plain = {"Transformer", "Pooling", "Normalize"}
        return "+".join([self.pooling, *(kind for kind, _ in self.modules if kind not in plain)])

    @property
    def subfolders(self) -> tuple[str, ...]:
        """Where the modules lie, each folder once."""
        return tuple(dict.fromkeys(path for _, path in self.modules))

    def with_prompts(self, query: str | None, document: str | None) -> ModelConfiguration:
        """The same with the prompts that are not None in place of the model's own."""
        return replace(
            self,
            query_prompt=self.query_prompt if query is None else query,
            document_prompt=self.document_prompt if document is None else document,
        )


def read_configuration(folder: Path) -> ModelConfiguration:
    """Read modules.json and the files that it names; raises EncoderError for unreadable ones.

    A folder without modules.json is a bare transformer and gets mean pooling, as
    sentence-transformers has it.
    """
    listed = _json(folder / "modules.json")
    modules = (
        tuple((str(module["type"]).rpartition(".")[2], str(module["path"])) for module in listed)
        if listed
        else (("Transformer", ""), ("Pooling", ""))
    )
    kinds = dict(reversed(modules))
    start = folder / modules[0][1]
    pooling = _json(folder / kinds["Pooling"] / "config.json") if kinds.get("Pooling") else {}
    sentence = _json(start / "sentence_bert_config.json")
    prompts = _json(folder / "config_sentence_transformers.json").get("prompts") or {}
    document_prompts = (prompts.get(name) for name in _DOCUMENT_PROMPTS)
    return ModelConfiguration(
        modules=modules,
        pooling=_pooling(pooling) if "Pooling" in kinds else "none",
        normalised="Normalize" in kinds,
        max_seq_length=_max_seq_length(start, sentence),
        query_prompt=prompts.get("query") or "",
        document_prompt=next(filter(None, document_prompts), ""),
        include_prompt=bool(pooling.get("include_prompt", True)),
        lower_case=bool(sentence.get("do_lower_case", False)),
    )


def _pooling(config: dict[str, Any]) -> str:
    stated = config.get("pooling_mode")
    if isinstance(stated, str):
        return stated
    if stated:
        return "+".join(stated)
    return "+".join(mode for flag, mode in _POOLING_FLAGS.items() if config.get(flag)) or "mean"


def _max_seq_length(start: Path, sentence: dict[str, Any]) -> int:
    config = _json(start / "config.json")
    limits = [sentence.get("max_seq_length")]
    if limits == [None]:
        limits = [_json(start / "tokenizer_config.json").get("model_max_length")]
    positions = config.get("max_position_embeddings")
    if isinstance(positions, int) and config.get("model_type") in _OFFSET_POSITIONS:
        positions -= config.get("pad_token_id", 1) + 1
    stated = [int(limit) for limit in (*limits, positions) if limit and limit > 0]
    return min([*stated, _UNLIMITED])


def _json(path: Path) -> Any:
    if not path.is_file():
        return {}
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise EncoderError(f"the model file {str(path)!r} cannot be read: {error}.") from error
